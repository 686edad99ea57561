// SPDX-License-Identifier: MIT
// The process on the metrics page: memory, processor time, and how late its event loop is, which is
// what clients of a busy proxy feel first.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { OpenMetrics } from './open-metrics.ts'

const RESOLUTION_MS = 10
const QUANTILES = [0.5, 0.99] as const

export class ProcessMetrics {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #startedAt = Date.now() / 1000 - process.uptime()

  constructor() {
    this.#delay.enable()
  }

  /** The delays are those since the last time this was called. */
  write(page: OpenMetrics): void {
    const { user, system } = process.cpuUsage()
    page.counter(
      { name: 'process_cpu_seconds', help: 'Processor time used.', unit: 'seconds' },
      (user + system) / 1e6,
    )
    page.gauge(
      { name: 'process_start_time_seconds', help: 'When it began.', unit: 'seconds' },
      this.#startedAt,
    )
    this.#writeMemory(page)
    this.#writeDelay(page)
  }

  close(): void {
    this.#delay.disable()
  }

  #writeMemory(page: OpenMetrics): void {
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage()
    page.gauge(
      { name: 'process_resident_memory_bytes', help: 'Resident memory.', unit: 'bytes' },
      rss,
    )
    page.gauge(
      {
        name: 'nodejs_memory_bytes',
        help: 'Memory of the runtime, by what it is for.',
        unit: 'bytes',
      },
      [
        { labels: { kind: 'heap_used' }, value: heapUsed },
        { labels: { kind: 'heap_reserved' }, value: heapTotal },
        { labels: { kind: 'external' }, value: external },
        { labels: { kind: 'array_buffers' }, value: arrayBuffers },
      ],
    )
  }

  /** The timer that measures waits for the resolution itself. */
  #writeDelay(page: OpenMetrics): void {
    const delay = this.#delay
    const seconds = (ns: number) => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1000)
    const hasSamples = delay.count > 0
    page.gauge(
      {
        name: 'nodejs_eventloop_delay_seconds',
        help: 'How late the event loop was since the last scrape.',
        unit: 'seconds',
      },
      [
        ...QUANTILES.map((quantile) => ({
          labels: { quantile },
          value: hasSamples ? seconds(delay.percentile(quantile * 100)) : 0,
        })),
        { labels: { quantile: 1 }, value: hasSamples ? seconds(delay.max) : 0 },
      ],
    )
    delay.reset()
  }
}
