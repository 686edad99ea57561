// SPDX-License-Identifier: MIT
// Networks of 64 processes with 50 ms between any two nodes, without and with loss: joining, puts
// and gets, then 30 % of the processes die at once, and gets and puts go on. Ours, C++, and four
// nodes of ours among C++ nodes, of which only ours are asked. All in a network namespace.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Row, Subject } from '../harness/benchmark.ts'
import { ChurnNetwork } from '../harness/churn-network.ts'
import { type Context, CPP } from '../harness/context.ts'
import { churnGoals } from './churn-goals.ts'

const NODES = 64
const DELAY_MS = 50
const KILLED = 0.3
const KEYS = 200
const CONCURRENCY = 16
/** For what the network does after joining, and for values to settle. */
const SETTLE_MS = 3000
/** From the gets right after the deaths to the later ones. */
const LATER_MS = 20_000

const MIXED: Subject = { name: 'mixed', kind: 'ours' }

export const churn: Benchmark = {
  name: 'churn',
  title: 'churn: 64 processes with 50 ms one way, with loss, before and after 30 % died',
  metrics: [
    { name: 'p50Ms', label: 'Operation done, median', unit: 'ms', better: 'lower' },
    { name: 'p99Ms', label: 'Operation done, 99th percentile', unit: 'ms', better: 'lower' },
    { name: 'firstP50Ms', label: 'First value, median', unit: 'ms', better: 'lower' },
    { name: 'firstP99Ms', label: 'First value, 99th percentile', unit: 'ms', better: 'lower' },
    { name: 'success', label: 'Operations that succeeded', unit: '%', better: 'higher' },
    {
      name: 'connectedS',
      label: 'Slowest node, from entering to its first good node',
      unit: 's',
      better: 'lower',
    },
    {
      name: 'joinS',
      label: 'Slowest node, from entering to 8 good nodes',
      unit: 's',
      better: 'lower',
    },
    { name: 'cpuMs', label: 'CPU of all nodes per operation (join: per node)', unit: 'ms' },
    { name: 'busy', label: 'Processors busy, with everything else', unit: '%' },
  ],
  plot: 'p99Ms',
  subjects: () => [{ name: 'ours', kind: 'ours' }, MIXED, CPP],
  async measure(subject, context) {
    const rows: Row[] = []
    for (const lossPercent of context.losses) {
      rows.push(...(await measureLoss(subject, lossPercent, context)))
    }
    return rows
  },
  goals: churnGoals,
}

async function measureLoss(subject: Subject, lossPercent: number, context: Context) {
  const { isQuick } = context
  const network = await ChurnNetwork.start({
    count: isQuick ? 10 : NODES,
    makeup: subject === MIXED ? 'mixed' : subject.kind === 'cpp' ? 'cpp' : 'ours',
    link: { delayMs: DELAY_MS, lossPercent },
    concurrency: CONCURRENCY,
    usesSources: context.usesSources,
  })
  try {
    const keys = isQuick ? 10 : KEYS
    const name = (what: string) => `${lossPercent} % loss: ${what}`
    const rows: Row[] = []
    const add = async (row: Promise<Row>) => {
      rows.push(await row)
      // It takes minutes: a run that is ended early has told something.
      process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`)
    }
    await add(network.join(name('join')))
    await sleep(isQuick ? 0 : SETTLE_MS)
    // Code is compiled meanwhile: seconds after their start 64 of our processes do little else.
    const warming = network.chooseKeys(keys)
    await network.put('warm', warming)
    await network.get('warm', warming)
    const placed = network.chooseKeys(keys)
    await add(network.put(name('put'), placed))
    await add(network.get(name('get'), placed))
    await network.kill(KILLED)
    await add(network.get(name('get right after the deaths'), placed))
    await sleep(isQuick ? 0 : LATER_MS)
    await add(network.get(name('get later'), placed))
    await add(network.put(name('put later'), network.chooseKeys(keys >> 1)))
    return rows
  } finally {
    await network.close()
  }
}
