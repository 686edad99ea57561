// SPDX-License-Identifier: MIT
// The few system calls that the batching transport is made of, and the loop's poll for readiness.
// Failures come back as negative numbers of the system, never as exceptions: most are everyday
// ones. Memory is given by address, so whoever calls keeps it alive meanwhile.

import type { Family } from '../../core/id/socket-address.ts'

/** A file descriptor or count, or a negative error number (`os.constants.errno`). */
export type Result = number

export interface SystemCalls {
  /** Where the memory behind `bytes` is. It stays there as long as `bytes` is reachable. */
  addressOf(bytes: Uint8Array): number
  /** A UDP socket that does not block and is closed in child processes; IPv6 alone for family 6. */
  socket(family: Family): Result
  setReceiveBuffer(fd: number, bytes: number): Result
  bind(fd: number, name: number, nameBytes: number): Result
  /** Writes the name, and its length over the 32-bit number at `nameBytes`. */
  getsockname(fd: number, name: number, nameBytes: number): Result
  /** Up to `count` datagrams into the `mmsghdr`s at `headers`: how many there were. */
  recvmmsg(fd: number, headers: number, count: number): Result
  sendmmsg(fd: number, headers: number, count: number): Result
  close(fd: number): Result
  /** Number of the interface `name`, 0 for none. */
  interfaceIndex(name: string): number
  /** Starts without waiting for anything. `onReady` must not throw. */
  poll(fd: number, onReady: OnReady): Poll
}

/** `status` is negative when the loop gave up on the descriptor; it has to be told to go on. */
export type OnReady = (status: number, isWritable: boolean) => void

export interface Poll {
  /** What to wait for from now on; nothing at all is fine. */
  watch(isReadable: boolean, isWritable: boolean): void
  /** No callback after it; the descriptor may be closed. */
  close(): void
}
