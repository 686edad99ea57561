// SPDX-License-Identifier: MIT
// Looks into the node, for the dashboard and for programs. Read only; see docs/dashboard.md.

import { InfoHash } from '../../../core/id/info-hash.ts'
import { HttpError } from '../http-error.ts'
import type { Access } from '../inspect/access.ts'
import { Inspection } from '../inspect/inspection.ts'
import type { LiveTopic } from '../inspect/inspection-types.ts'
import { LiveHub, type TopicSource } from '../inspect/live-hub.ts'
import { sendLive } from '../inspect/live-stream.ts'
import type { LogRing } from '../inspect/log-ring.ts'
import { sendPrivateJson } from '../inspect/private-reply.ts'
import { onceGone } from '../once-gone.ts'
import type { ProxyServices, Route, RouteContext } from '../route.ts'

export interface InspectOptions {
  readonly access: Access
  readonly log: LogRing
}

export function inspectRoutes({ access, log }: InspectOptions): Route[] {
  const state = new State(access.hasToken, log)
  const route = (path: string, handle: (context: RouteContext) => unknown): Route => ({
    method: 'GET',
    path: `/inspect/${path}`,
    async handle(context) {
      access.checkReader(context.request)
      const json = await handle(context)
      if (json !== undefined) await sendPrivateJson(context, json)
    },
  })
  return [
    route('overview', ({ services }) => state.inspection(services).overview()),
    route('network', ({ services }) => state.inspection(services).network()),
    route('searches', ({ services }) => state.inspection(services).searches()),
    route('storage', ({ services }) => state.inspection(services).storage()),
    route('values', (context) => {
      return state.inspection(context.services).storedValues(keyParameter(context))
    }),
    route('log', () => log.since(0)),
    route('live', (context) => state.stream(context)),
  ]
}

/** Made with the first request: until then the services are not known. */
class State {
  readonly #hasAdmin: boolean
  readonly #log: LogRing
  #inspection: Inspection | undefined
  #hub: LiveHub | undefined
  #streams = 0

  constructor(hasAdmin: boolean, log: LogRing) {
    this.#hasAdmin = hasAdmin
    this.#log = log
  }

  inspection(services: ProxyServices): Inspection {
    this.#inspection ??= new Inspection(services, { hasAdmin: this.#hasAdmin })
    return this.#inspection
  }

  stream(context: RouteContext): void {
    const topics = topicsParameter(context)
    if (this.#streams >= MAX_STREAMS) {
      const message = `At most ${MAX_STREAMS} live streams at a time`
      throw new HttpError(503, message, { 'Retry-After': '5' })
    }
    this.#streams++
    const isLogWatched = topics.includes('log')
    const unwatch = isLogWatched ? this.#log.watch() : undefined
    onceGone(context, () => {
      this.#streams--
      unwatch?.()
    })
    sendLive(context, this.#hubOf(context.services), topics)
    if (!isLogWatched) return
    const lines = JSON.stringify(this.#log.since(0))
    context.reply.write(`event: log\ndata: ${lines}\n\n`)
  }

  #hubOf(services: ProxyServices): LiveHub {
    this.#hub ??= new LiveHub(
      topicSources(this.inspection(services), this.#log),
      (topic, error) => {
        if (!services.log?.enabled('debug')) return
        services.log.write('debug', `[dashboard] Cannot read ${topic}: ${String(error)}`)
      },
    )
    return this.#hub
  }
}

const MAX_STREAMS = 32

function topicSources(inspection: Inspection, log: LogRing): Record<LiveTopic, TopicSource> {
  const json = (intervalMs: number, read: () => unknown): TopicSource => ({
    intervalMs,
    read: async () => JSON.stringify(await read()),
  })
  let logged = log.count
  return {
    overview: json(2500, () => inspection.overview()),
    network: json(3000, () => inspection.network()),
    searches: json(250, () => inspection.searches()),
    storage: json(5000, () => inspection.storage()),
    log: json(250, () => {
      const lines = log.since(logged)
      logged = log.count
      return lines.length === 0 ? undefined : lines
    }),
  }
}

const TOPICS: readonly LiveTopic[] = ['overview', 'network', 'searches', 'storage', 'log']

function topicsParameter({ search }: RouteContext): LiveTopic[] {
  const given = (new URLSearchParams(search).get('topics') ?? 'overview').split(',')
  for (const topic of given) {
    if (TOPICS.includes(topic as LiveTopic)) continue
    const message = `topics must be some of ${TOPICS.join(',')}: got ${topic.slice(0, 40)}`
    throw new HttpError(400, message)
  }
  return [...new Set(given as LiveTopic[])]
}

function keyParameter({ search }: RouteContext): InfoHash {
  const text = new URLSearchParams(search).get('key') ?? ''
  const key = /^[0-9a-f]{40}$/i.test(text) ? InfoHash.fromHex(text) : undefined
  if (key !== undefined && !key.isZero) return key
  throw new HttpError(400, `key must be 40 hexadecimal digits: got ${text.slice(0, 60)}`)
}
