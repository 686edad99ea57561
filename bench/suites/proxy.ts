// SPDX-License-Identifier: MIT
// REST proxies in a network of eight nodes: requests per second and how long they take, listens
// held at the same time, and how fast a value reaches those who listen.

import type { Benchmark, Goal, Row } from '../harness/benchmark.ts'
import { CPP } from '../harness/context.ts'
import { ProxyUnderTest } from '../harness/proxies.ts'

/** Keys that hold a value of 100 bytes for the gets. */
const STORED = 1000

/** Listens, the touches that count, and those before, so that everything is warm. */
interface Listens {
  readonly count: number
  readonly warm: number
  readonly touches: number
}

const MANY_KEYS: Listens = { count: 10_000, warm: 150, touches: 500 }
const ONE_KEY: Listens = { count: 1000, warm: 3, touches: 10 }
const QUICK: Listens = { count: 50, warm: 1, touches: 3 }
const TOUCH_TIMEOUT_MS = 300_000

/**
 * Seconds of load before the requests that count. Our code is compiled while it runs, the last of
 * it some eight seconds after the first gets, and a proxy runs for weeks. But C++ keeps a search
 * for every key that was put.
 */
const WARM_S = 3
const WARM_GETS_S = 10

const LOADS: readonly { row: string; kind: string; connections: number }[] = [
  { row: 'node info, 64 connections', kind: 'info', connections: 64 },
  { row: 'get, 32 connections', kind: 'get', connections: 32 },
  { row: 'get, 256 connections', kind: 'get', connections: 256 },
  { row: 'put, 32 connections', kind: 'post', connections: 32 },
  { row: 'put, 256 connections', kind: 'post', connections: 256 },
]

const HELD = '10,000 listens on as many keys'
const TOGETHER = '1,000 listens on one key'

export const proxy: Benchmark = {
  name: 'proxy',
  title: 'proxy: REST clients',
  metrics: [
    { name: 'perS', label: 'Requests per second', unit: '1/s', better: 'higher' },
    { name: 'p50Us', label: 'Time of a request, median', unit: 'µs', better: 'lower' },
    { name: 'p99Us', label: 'Time of a request, 99th percentile', unit: 'µs', better: 'lower' },
    { name: 'cpuUs', label: 'CPU of the proxy per request', unit: 'µs', better: 'lower' },
    { name: 'openS', label: 'Time to open the listens', unit: 's', better: 'lower' },
    { name: 'rssMb', label: 'Resident memory of the proxy', unit: 'MB', better: 'lower' },
    { name: 'p50Ms', label: 'From put to listener, median', unit: 'ms', better: 'lower' },
    { name: 'p99Ms', label: 'From put to listener, 99th percentile', unit: 'ms', better: 'lower' },
    { name: 'failed', label: 'Failures', unit: 'requests' },
  ],
  subjects: () => [{ name: 'ours', kind: 'ours' }, CPP],
  async measure(subject, context) {
    const rows: Row[] = []
    const { seconds, isQuick } = context
    {
      await using proxy = await ProxyUnderTest.start(subject, context)
      const keys = isQuick ? 50 : STORED
      await proxy.load('fill', 16, { keys, seed: 1 })
      for (const [index, { row, kind, connections }] of LOADS.entries()) {
        const seed = kind === 'get' ? 1 : index + 2
        const warm = isQuick ? 0 : kind === 'get' ? WARM_GETS_S : WARM_S
        const result = await proxy.load(kind, connections, { keys, seed, seconds, warm })
        rows.push({ ...result, row })
      }
    }
    {
      await using proxy = await ProxyUnderTest.start(subject, context)
      rows.push(await listens(proxy, TOGETHER, isQuick ? QUICK : ONE_KEY, 1))
    }
    await using proxy = await ProxyUnderTest.start(subject, context)
    return [...rows, await listens(proxy, HELD, isQuick ? QUICK : MANY_KEYS, 0)]
  },
  goals: () => [...rateGoals(), ...listenGoals()],
}

async function listens(
  proxy: ProxyUnderTest,
  row: string,
  { count, warm, touches }: Listens,
  shared: 0 | 1,
): Promise<Row> {
  const clients = proxy.clients('listen', count, { shared })
  try {
    const opened = await clients.expect(TOUCH_TIMEOUT_MS)
    const rssMb = await proxy.memoryMb()
    clients.send(`${warm}`)
    await clients.expect(TOUCH_TIMEOUT_MS)
    clients.send(`${touches}`)
    const touched = await clients.expect(TOUCH_TIMEOUT_MS)
    const { p50Ms, p99Ms } = touched as Row & { p50Ms: number; p99Ms: number }
    return {
      row,
      openS: Number(opened['seconds']),
      rssMb,
      p50Ms,
      p99Ms,
      failed: Number(opened['failed']) + Number(touched['failed']),
    }
  } finally {
    await clients.stop()
  }
}

function rateGoals(): Goal[] {
  return LOADS.flatMap(({ row, kind }) => [
    {
      text: `requests per second of ${row} beside C++`,
      value: (it) => it.ratio(row, 'perS'),
      atLeast: kind === 'info' ? 0.8 : 2,
    },
    ...(kind === 'info'
      ? []
      : [
          {
            text: `99th percentile of ${row} beside C++`,
            value: (it) => it.ratio(row, 'p99Us'),
            atMost: 1 / 3,
          } satisfies Goal,
        ]),
  ])
}

function listenGoals(): Goal[] {
  return [
    {
      text: `resident memory with ${HELD}, MB`,
      value: (it) => it.median(HELD, 'rssMb'),
      atMost: 400,
    },
    {
      text: `99th percentile of a delivery to one of ${HELD}, ms`,
      value: (it) => it.median(HELD, 'p99Ms'),
      atMost: 5,
    },
    {
      text: `99th percentile of a delivery to ${TOGETHER}, ms`,
      value: (it) => it.median(TOGETHER, 'p99Ms'),
      atMost: 200,
    },
  ]
}
