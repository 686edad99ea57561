// SPDX-License-Identifier: MIT
// From the start of a process to its first bound socket and to its first answered get, from a
// neighbour that is there already; and the size of the program files that this loads.

import { readFileSync, statSync } from 'node:fs'
import type { Benchmark, Row, Subject } from '../harness/benchmark.ts'
import { type Context, CPP, ours } from '../harness/context.ts'
import { ServedNode } from '../harness/load.ts'
import { startDriver } from '../harness/program.ts'

const KEY = 'the first value'
/** Starts per round, of which the median counts: one alone says little. */
const STARTS = 5
const TIMEOUT_MS = 20_000

export const startup: Benchmark = {
  name: 'startup',
  title: 'startup: a process to its first socket and its first answer',
  metrics: [
    { name: 'ms', label: 'Time since the start of the process', unit: 'ms', better: 'lower' },
    { name: 'mb', label: 'Program files in memory', unit: 'MB', better: 'lower' },
    { name: 'rssMb', label: 'Resident memory afterwards', unit: 'MB', better: 'lower' },
  ],
  subjects: (context) => [...ours(context), CPP],
  async measure(subject, context) {
    const neighbour = await ServedNode.start({ name: 'neighbour', kind: 'ours' }, context)
    try {
      await neighbour.ask(`put ${KEY}`)
      const starts: Record<string, number>[] = []
      for (let i = 0; i < (context.isQuick ? 1 : STARTS); i++) {
        starts.push(await start(subject, neighbour.port, context))
      }
      return summarize(starts)
    } finally {
      await neighbour.stop()
    }
  },
}

async function start(subject: Subject, port: number, context: Context) {
  const began = performance.now()
  const { load } = context.processors
  const program = startDriver(subject, 'startup', { port, key: KEY }, context, load)
  try {
    await program.expect(TIMEOUT_MS)
    const bound = performance.now() - began
    const { found } = await program.expect(TIMEOUT_MS)
    const answered = performance.now() - began
    if (found !== 1) throw new Error(`${subject.name}: the first get found nothing`)
    return { bound, answered, ...memoryOf(program.pid) }
  } finally {
    await program.stop()
  }
}

function summarize(starts: readonly Record<string, number>[]): Row[] {
  const median = (name: string) =>
    starts.map((it) => it[name]!).sort((a, b) => a - b)[starts.length >> 1]!
  return [
    { row: 'first socket', ms: median('bound') },
    { row: 'first answer', ms: median('answered') },
    { row: 'process', mb: median('files') / 2 ** 20, rssMb: median('rssKb') / 1024 },
  ]
}

/** Of the program and its libraries; scripts are read, not mapped, and add the package's size. */
function memoryOf(pid: number): { files: number; rssKb: number } {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8')
  const paths = new Set([...maps.matchAll(/ (\/.+)$/gm)].map(([, path]) => path!))
  let files = 0
  for (const path of paths) files += statSync(path, { throwIfNoEntry: false })?.size ?? 0
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return { files, rssKb: Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0) }
}
