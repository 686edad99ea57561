// SPDX-License-Identifier: MIT
// What a proxy client needs of its surroundings. Browsers, Node.js and others have all of it; tests
// and hosts with certificates of their own bring some of it themselves.

import { realSchedule, type Schedule } from '../../api/schedule.ts'

/** A request to a proxy: the part of the web's `RequestInit` that is used. */
export interface ProxyRequest {
  readonly method: string
  readonly body?: string
  readonly signal: AbortSignal
}

/** The part of the web's `Response` that is used. */
export interface ProxyResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: ReadableStream<Uint8Array> | null
}

/** The web's `fetch`, or what does the same. */
export type ProxyFetch = (url: string, request: ProxyRequest) => Promise<ProxyResponse>

export interface ProxyPorts {
  readonly fetch: ProxyFetch
  readonly schedule: Schedule
  /** Milliseconds that never go back. */
  now(): number
  /** 0 to 1, without 1. */
  random(): number
  randomBytes(count: number): Uint8Array
}

export function defaultPorts(): ProxyPorts {
  return {
    fetch: (url, request) => fetch(url, { ...request, redirect: 'error', cache: 'no-store' }),
    schedule: realSchedule,
    now: () => performance.now(),
    random: () => Math.random(),
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  }
}

/** Resolves after a time; rejects with the reason of the signal when that aborts before. */
export function sleep(schedule: Schedule, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const wake = (): void => {
      signal.removeEventListener('abort', abort)
      resolve()
    }
    const abort = (): void => {
      cancel()
      reject(signal.reason)
    }
    const cancel = schedule(wake, delayMs)
    signal.addEventListener('abort', abort, { once: true })
  })
}

/** `baseMs * 2^attempt`, at most `maxMs`, less up to half of it: clients must not come in step. */
export function backoffMs(
  attempt: number,
  { baseMs, maxMs, random }: { baseMs: number; maxMs: number; random: () => number },
): number {
  return Math.min(maxMs, baseMs * 2 ** attempt) * (1 - random() / 2)
}
