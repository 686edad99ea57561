// SPDX-License-Identifier: MIT
// Gets whose answers are too long for whoever may have forged its address: they wait while that
// address is pinged, and are served as if they had just come when it answers. A forger makes us
// send a ping for each of his requests, which is less than what he sent.

import type { SocketAddress } from '../id/socket-address.ts'
import type { NetworkEngine } from '../net/network-engine.ts'
import { QuietHandler } from '../net/request.ts'
import { copyBytes } from '../util/bytes.ts'
import { Kind, type Message } from '../wire/message.ts'

/** Addresses that are asked at a time. */
const MAX_CHECKS = 128
/** Requests that wait for one of them: a peer may ask for several keys at once. */
const MAX_PER_CHECK = 8

class Check extends QuietHandler {
  readonly address: SocketAddress
  readonly datagrams: Uint8Array[] = []
  readonly #onEnd: (check: Check, isProven: boolean, now: number) => void

  constructor(
    address: SocketAddress,
    onEnd: (check: Check, isProven: boolean, now: number) => void,
  ) {
    super()
    this.address = address
    this.#onEnd = onEnd
  }

  override onReply(_request: unknown, _message: Message, now: number): void {
    this.#onEnd(this, true, now)
  }

  override onError(_request: unknown, _code: number, now: number): void {
    this.#onEnd(this, true, now)
  }

  override onExpired(_request: unknown, now: number): void {
    this.#onEnd(this, false, now)
  }
}

export class HeldRequests {
  readonly #net: NetworkEngine
  readonly #checks = new Set<Check>()
  readonly stats = { held: 0, served: 0 }

  constructor(net: NetworkEngine) {
    this.#net = net
  }

  /** False when too many wait already. */
  hold({ source }: Message, from: SocketAddress, now: number): boolean {
    const check = this.#find(from) ?? this.#start(from, now)
    if (check === undefined || check.datagrams.length >= MAX_PER_CHECK) return false
    check.datagrams.push(copyBytes(source))
    this.stats.held++
    return true
  }

  #find(address: SocketAddress): Check | undefined {
    for (const check of this.#checks) if (check.address.equals(address)) return check
    return undefined
  }

  #start(address: SocketAddress, now: number): Check | undefined {
    if (this.#checks.size >= MAX_CHECKS) return undefined
    const { encoder, requests } = this.#net
    const check = new Check(address, this.#onEnd)
    const request = requests.send(
      {
        kind: Kind.Ping,
        // Not the node: that somebody forged its address says nothing about it.
        node: undefined,
        address,
        handler: check,
        encode: (writer, tid) => encoder.ping(writer, tid),
        maxAttempts: 1,
      },
      now,
    )
    if (request === undefined) return undefined
    this.#checks.add(check)
    return check
  }

  readonly #onEnd = (check: Check, isProven: boolean, now: number): void => {
    this.#checks.delete(check)
    if (!isProven) return
    for (const datagram of check.datagrams) {
      this.stats.served++
      this.#net.serveHeld(datagram, check.address, now)
    }
  }
}
