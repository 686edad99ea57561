// SPDX-License-Identifier: MIT
// System calls of Linux through koffi, a foreign function interface whose binaries come in one
// optional package per platform. These are loaded by themselves: the package `koffi` in front of
// them doubles the loading time for services that are not needed here.

import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import type { Family } from '../../core/id/socket-address.ts'
import type { OnReady, Poll, SystemCalls } from './system-calls.ts'
import { errorText } from './system-errors.ts'

/** The calls, or why there are none. */
export type LoadedCalls = { readonly calls: SystemCalls } | { readonly reason: string }

/** Processor types whose binary package is an optional dependency. */
const ARCHITECTURES = new Set(['x64', 'arm64'])

const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const NO_FLAGS = 0
const NO_TIMEOUT = 0
const INT_BYTES = 4

type NativeFunction = (...args: (number | string)[]) => number

interface NativePoll {
  start(events: { readable: boolean; writable: boolean }, callback: NativePollCallback): void
  stop(): void
  close(): void
}

type NativePollCallback = (status: number, events: { writable: boolean }) => void

/** What is used of koffi. */
interface Koffi {
  load(path: null): { func(name: string, result: string, parameters: string[]): NativeFunction }
  address(value: Uint8Array): bigint
  errno(): number
  node: { poll(fd: number, events: object, callback: NativePollCallback): NativePoll }
}

/** Loads the binary for this platform. Never throws. */
export function loadKoffiCalls(): LoadedCalls {
  const { platform, arch } = process
  if (platform !== 'linux' || !ARCHITECTURES.has(arch) || endianness() !== 'LE') {
    return { reason: `not made for ${platform} on ${arch}` }
  }
  try {
    const koffi = createRequire(import.meta.url)(`@koromix/koffi-linux-${arch}`) as Koffi
    const calls = new KoffiCalls(koffi)
    // Nothing can be received from no descriptor, but an old or guarded kernel answers otherwise.
    const error = errorText(calls.recvmmsg(-1, 0, 0))
    return error === 'EBADF' ? { calls } : { reason: `recvmmsg: ${error}` }
  } catch (error) {
    const [line] = String((error as Error).message ?? error).split('\n')
    return { reason: `koffi: ${line}` }
  }
}

class KoffiCalls implements SystemCalls {
  readonly #koffi: Koffi
  readonly #socket: NativeFunction
  readonly #setsockopt: NativeFunction
  readonly #bind: NativeFunction
  readonly #getsockname: NativeFunction
  readonly #recvmmsg: NativeFunction
  readonly #sendmmsg: NativeFunction
  readonly #close: NativeFunction
  readonly #interfaceIndex: NativeFunction
  /** For options of sockets. */
  readonly #int = new Int32Array(new ArrayBuffer(INT_BYTES))
  readonly #intAddress: number

  constructor(koffi: Koffi) {
    this.#koffi = koffi
    this.#intAddress = this.addressOf(new Uint8Array(this.#int.buffer))
    const library = koffi.load(null)
    const int = (name: string, ...parameters: string[]): NativeFunction =>
      library.func(name, 'int', parameters)
    this.#socket = int('socket', 'int', 'int', 'int')
    this.#setsockopt = int('setsockopt', 'int', 'int', 'int', 'uintptr_t', 'uint')
    this.#bind = int('bind', 'int', 'uintptr_t', 'uint')
    this.#getsockname = int('getsockname', 'int', 'uintptr_t', 'uintptr_t')
    this.#recvmmsg = int('recvmmsg', 'int', 'uintptr_t', 'uint', 'int', 'uintptr_t')
    this.#sendmmsg = int('sendmmsg', 'int', 'uintptr_t', 'uint', 'int')
    this.#close = int('close', 'int')
    this.#interfaceIndex = library.func('if_nametoindex', 'uint', ['str'])
  }

  addressOf(bytes: Uint8Array): number {
    // User space ends below 2^48 or, on some machines, 2^52: exact as a number.
    return Number(this.#koffi.address(bytes))
  }

  socket(family: Family): number {
    const domain = family === 4 ? AF_INET : AF_INET6
    const fd = this.#check(this.#socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
    if (fd < 0 || family === 4) return fd
    const result = this.#setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)
    if (result < 0) this.#close(fd)
    return result < 0 ? result : fd
  }

  setReceiveBuffer(fd: number, bytes: number): number {
    return this.#setInt(fd, SOL_SOCKET, SO_RCVBUF, bytes)
  }

  bind(fd: number, name: number, nameBytes: number): number {
    return this.#check(this.#bind(fd, name, nameBytes))
  }

  getsockname(fd: number, name: number, nameBytes: number): number {
    return this.#check(this.#getsockname(fd, name, nameBytes))
  }

  recvmmsg(fd: number, headers: number, count: number): number {
    return this.#check(this.#recvmmsg(fd, headers, count, NO_FLAGS, NO_TIMEOUT))
  }

  sendmmsg(fd: number, headers: number, count: number): number {
    return this.#check(this.#sendmmsg(fd, headers, count, NO_FLAGS))
  }

  close(fd: number): number {
    return this.#check(this.#close(fd))
  }

  interfaceIndex(name: string): number {
    return this.#interfaceIndex(name)
  }

  poll(fd: number, onReady: OnReady): Poll {
    return new KoffiPoll(this.#koffi, fd, onReady)
  }

  #setInt(fd: number, level: number, option: number, value: number): number {
    this.#int[0] = value
    return this.#check(this.#setsockopt(fd, level, option, this.#intAddress, INT_BYTES))
  }

  #check(result: number): number {
    return result < 0 ? -this.#koffi.errno() : result
  }
}

/** koffi's handle around the `uv_poll_t` of the loop that this thread runs on. */
class KoffiPoll implements Poll {
  readonly #handle: NativePoll
  readonly #onReady: NativePollCallback

  constructor(koffi: Koffi, fd: number, onReady: OnReady) {
    this.#onReady = (status, { writable }) => onReady(status, writable)
    this.#handle = koffi.node.poll(fd, { writable: false }, this.#onReady)
    this.#handle.stop()
  }

  watch(isReadable: boolean, isWritable: boolean): void {
    if (!isReadable && !isWritable) this.#handle.stop()
    else this.#handle.start({ readable: isReadable, writable: isWritable }, this.#onReady)
  }

  close(): void {
    this.#handle.close()
  }
}
