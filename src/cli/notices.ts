// SPDX-License-Identifier: MIT
// What dhtnode says unasked: how to join a network, and whether the network answers.

import type { DhtStatus } from '../api/dht-interface.ts'
import { DEFAULT_PORT } from '../core/constants.ts'
import type { DhtRunner } from '../nodejs/dht-runner.ts'
import type { Demo } from './demo.ts'
import type { Logger } from './logger.ts'
import type { NodeOptions } from './options.ts'
import type { Output } from './screen.ts'

/** A network that answers does so sooner. */
const PATIENCE_MS = 3000
const PUBLIC_NETWORK = 0
const TWIN_HINT =
  'A node with the identity of this one does not answer it: give one of them a --node-id'

/** Lines below the banner. */
export function startNotices(
  options: NodeOptions,
  runner: DhtRunner,
  demo: Demo | undefined,
): string[] {
  if (demo !== undefined) return [describeDemo(demo)]
  const { urls } = options.proxyClient
  if (urls.length > 0) return [`Working through the REST proxy ${urls.join(', or ')}.`]
  const notices: string[] = []
  const bound = runner.port4 ?? runner.port6
  // With a state file the port may be the one that was saved beside it.
  const hasState = options.persist !== undefined
  if (options.nodeId !== undefined && !runner.id.equals(options.nodeId)) {
    notices.push(`The node id is that of ${options.persist}, which has another one than --node-id.`)
  }
  if (options.port === undefined && !hasState && bound !== DEFAULT_PORT) {
    notices.push(`Port ${DEFAULT_PORT} is in use: took ${bound} instead.`)
  }
  if (options.peerDiscovery) {
    notices.push(`Looking for nodes of network ${options.network ?? 0} on the local network.`)
  } else if (options.bootstrap.length === 0 && !hasState) {
    notices.push(...describeLonely(options))
  }
  return notices
}

/** Whoever names a network id knows a network, and it is not the public one. */
function describeLonely({ service, daemonize, network = PUBLIC_NETWORK }: NodeOptions): string[] {
  const command = service || daemonize ? '' : ', or type b HOST[:PORT]'
  const isPublic = network === PUBLIC_NETWORK
  const what = isPublic ? 'a network yet. To join one' : `network ${network} yet. To join it`
  const first = `Not part of ${what}, start with -b HOST[:PORT]${command}`
  if (isPublic) return [`${first};`, 'the public network is at bootstrap.jami.net.']
  return [`${first};`, 'its first node waits for others.']
}

function describeDemo({ network, entry }: Demo): string {
  return `Demo network on this computer. To join it from another terminal, use
-n ${network} -b ${entry}
Try:  l fruit        listen to the key "fruit"
      p fruit apple  put a value there: the listener shows it
      g fruit        get the values, from whichever nodes hold them`
}

export interface WatchOptions {
  /** Other nodes with the same identity have the same id. */
  readonly isIdShared: boolean
  /** Looks for nodes of the local network, of which nobody knows whether there are any. */
  readonly isSeeking: boolean
}

/**
 * Says when nobody answers, and when that is over; and when a node that knew of nobody at its start
 * has found the network that its user told it of. Logs every change.
 */
export class NetworkWatch {
  readonly #runner: DhtRunner
  readonly #out: Output
  readonly #log: Logger
  readonly #options: WatchOptions
  readonly #wasLonely: boolean
  readonly #patience: NodeJS.Timeout
  #wasConnected = false
  #isLost = false

  constructor(runner: DhtRunner, out: Output, log: Logger, options: WatchOptions) {
    this.#runner = runner
    this.#options = options
    this.#wasLonely = this.#hosts.length === 0
    this.#out = out
    this.#log = log
    this.#patience = setTimeout(() => this.#complain(), PATIENCE_MS).unref()
    runner.onStatus((status) => this.#onStatus(status))
    runner.onPublicAddress((addresses) => {
      log.write(
        'debug',
        `Public address changed: [${addresses.map(({ host }) => host).join(', ')}]`,
      )
    })
  }

  #onStatus({ ipv4, ipv6, overall }: DhtStatus): void {
    this.#log.write('debug', `Connectivity changed: IPv4: ${ipv4}, IPv6: ${ipv6}`)
    if (overall === 'disconnected') this.#complain()
    else if (overall === 'connected') this.#onConnected()
  }

  #onConnected(): void {
    clearTimeout(this.#patience)
    const isAwaited = this.#options.isSeeking || this.#hosts.length > 0
    const isNews = this.#wasLonely && !this.#wasConnected && isAwaited
    if (this.#isLost || isNews) this.#out.error('Connected to the network')
    this.#wasConnected = true
    this.#isLost = false
  }

  /** Once, until the network answers again. Nobody expects an answer who named no hosts. */
  #complain(): void {
    const hosts = this.#hosts
    if (this.#isLost || hosts.length === 0) return
    this.#isLost = true
    const what = this.#wasConnected ? 'The network does not answer any more' : 'Nobody answers yet'
    this.#out.error(`${what} (${hosts.join(', ')}): still trying`)
    if (this.#options.isIdShared && !this.#wasConnected) this.#out.error(TWIN_HINT)
  }

  /** Who is asked. */
  get #hosts(): readonly string[] {
    return [...this.#runner.bootstrapHosts, ...this.#runner.proxies]
  }
}
