// SPDX-License-Identifier: MIT
// What is wanted of networks with loss and deaths, beside C++ in the same run.

import type { Goal } from '../harness/benchmark.ts'
import { CPP } from '../harness/context.ts'
import type { Lookup } from '../harness/results.ts'

const LOSSES = [0, 5, 20]
const JUST_DIED = 'get right after the deaths'
const PHASES = ['put', 'get', JUST_DIED, 'get later', 'put later']
/**
 * Parts of what C++ takes: in a healthy network, which it is again a while after the deaths when
 * nothing is lost, and wherever datagrams are lost or nodes have just died.
 */
const HEALTHY = 0.9
const HARMED = 0.35

/**
 * A node has bootstrapped when it knows one good node, as in the reference figures of C++. Eight
 * good ones, which have a figure of their own, are more than it needs to work.
 */
const BOOTSTRAP: Goal = {
  text: '20 % loss: slowest node to its first good node, s',
  value: (it) => it.median('20 % loss: join', 'connectedS'),
  atMost: 3,
}

export function churnGoals(): Goal[] {
  const operations = LOSSES.flatMap((loss) => PHASES.flatMap((phase) => goalsFor(loss, phase)))
  return [...operations, BOOTSTRAP]
}

function goalsFor(loss: number, phase: string): Goal[] {
  const row = `${loss} % loss: ${phase}`
  const isHealthy = loss === 0 && phase !== JUST_DIED
  const limit = isHealthy ? HEALTHY : HARMED
  const beside = (metric: string) => (it: Lookup) => {
    const own = it.median(row, metric)
    const theirs = it.median(row, metric, CPP.name)
    return own === undefined || theirs === undefined ? undefined : own / theirs
  }
  const goals: Goal[] = [
    { text: `${row}: median beside C++`, value: beside('p50Ms'), atMost: limit },
    { text: `${row}: 99th percentile beside C++`, value: beside('p99Ms'), atMost: limit },
    { text: `${row}: success, %`, value: (it) => it.median(row, 'success'), atLeast: 100 },
  ]
  if (!phase.startsWith('get')) return goals
  goals.push({
    text: `${row}: median of the first value beside C++`,
    value: beside('firstP50Ms'),
    atMost: 1,
  })
  if (loss > 0) {
    goals.push({
      text: `${row}: 99th percentile of the first value beside C++`,
      value: beside('firstP99Ms'),
      atMost: 0.5,
    })
  }
  return goals
}
