// SPDX-License-Identifier: MIT
// What the drivers written in TypeScript share: options of the form name=value, own CPU time and
// memory, latencies, operations at a given concurrency, and the output, one JSON object per line.
// Counterpart of cpp/common.h.

import { readFileSync } from 'node:fs'
import { quantileOf } from './statistics.ts'

const PAGE_KB = 4

const given = new Map(
  process.argv.slice(2).map((argument) => {
    const [name = '', ...value] = argument.split('=')
    return [name, value.join('=')]
  }),
)

export const text = (name: string, fallback: string): string => given.get(name) ?? fallback
export const number = (name: string, fallback: number): number => Number(text(name, `${fallback}`))
export const numbers = (name: string, fallback: string): number[] =>
  text(name, fallback).split(',').map(Number)

/** CPU time of this process in seconds. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/**
 * After a collection that gives the memory of new objects back: what is really needed, and not
 * what was not yet thrown away, nor the room that the last burst took.
 */
export function residentKb(): number {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  return Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * PAGE_KB
}

export class Latencies {
  readonly #ms: number[] = []

  add(ms: number): void {
    this.#ms.push(ms)
  }

  quantile(quantile: number): number {
    return quantileOf(this.#ms, quantile)
  }
}

export function printRow(row: string, metrics: Readonly<Record<string, number>> = {}): void {
  process.stdout.write(`${JSON.stringify({ row, ...metrics })}\n`)
}

/** Bytes that differ from seed to seed, cheaply. */
export function someBytes(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = seed | 1
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** Keeps `concurrency` operations going for the time of option `secs`, then lets them end. */
export async function operate(
  row: string,
  concurrency: number,
  operation: () => Promise<boolean>,
): Promise<void> {
  const latencies = new Latencies()
  let done = 0
  let failed = 0
  const cpu = cpuSeconds()
  const start = performance.now()
  const end = start + number('secs', 3) * 1000
  const worker = async (): Promise<void> => {
    do {
      const began = performance.now()
      const isOk = await operation().catch(() => false)
      latencies.add(performance.now() - began)
      done++
      if (!isOk) failed++
    } while (performance.now() < end)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  printRow(row, {
    opsPerS: (done * 1000) / (performance.now() - start),
    cpuMs: ((cpuSeconds() - cpu) * 1000) / done,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    failed,
  })
}

/** In place, in an order that differs from run to run. */
export function shuffle(items: unknown[]): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[items[i], items[j]] = [items[j], items[i]]
  }
}
