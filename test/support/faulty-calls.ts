// SPDX-License-Identifier: MIT
// Real system calls that fail as a test wants them to.

import type { Family } from '../../src/core/id/socket-address.ts'
import type { OnReady, Poll, SystemCalls } from '../../src/nodejs/mmsg/system-calls.ts'

export class FaultyCalls implements SystemCalls {
  /** Results of the next calls, instead of making them. */
  readonly sends: number[] = []
  readonly receives: number[] = []
  /** Status that the loop reports next. */
  readonly statuses: number[] = []
  /** Descriptors that are open. */
  readonly open = new Set<number>()
  polls = 0
  readonly #calls: SystemCalls

  constructor(calls: SystemCalls) {
    this.#calls = calls
  }

  addressOf(bytes: Uint8Array): number {
    return this.#calls.addressOf(bytes)
  }

  socket(family: Family): number {
    const fd = this.#calls.socket(family)
    if (fd >= 0) this.open.add(fd)
    return fd
  }

  setReceiveBuffer(fd: number, bytes: number): number {
    return this.#calls.setReceiveBuffer(fd, bytes)
  }

  bind(fd: number, name: number, nameBytes: number): number {
    return this.#calls.bind(fd, name, nameBytes)
  }

  getsockname(fd: number, name: number, nameBytes: number): number {
    return this.#calls.getsockname(fd, name, nameBytes)
  }

  recvmmsg(fd: number, headers: number, count: number): number {
    return this.receives.shift() ?? this.#calls.recvmmsg(fd, headers, count)
  }

  sendmmsg(fd: number, headers: number, count: number): number {
    return this.sends.shift() ?? this.#calls.sendmmsg(fd, headers, count)
  }

  close(fd: number): number {
    this.open.delete(fd)
    return this.#calls.close(fd)
  }

  interfaceIndex(name: string): number {
    return this.#calls.interfaceIndex(name)
  }

  poll(fd: number, onReady: OnReady): Poll {
    this.polls++
    const poll = this.#calls.poll(fd, (status, isWritable) => {
      onReady(this.statuses.shift() ?? status, isWritable)
    })
    return {
      watch: (isReadable, isWritable) => poll.watch(isReadable, isWritable),
      close: () => {
        this.polls--
        poll.close()
      },
    }
  }
}
