// SPDX-License-Identifier: MIT
// Runs one benchmark: all subjects take turns within every round, each time another one first, so
// that what happens on the machine meanwhile hits them alike.

import { writeFileSync } from 'node:fs'
import type { Benchmark } from './benchmark.ts'
import type { Context } from './context.ts'
import { writeDocs } from './docs.ts'
import { renderPlot } from './plot.ts'
import { Collector, type Results, writeResults } from './results.ts'
import { renderResults } from './table.ts'

export async function runBenchmark(benchmark: Benchmark, context: Context): Promise<Results> {
  const { only, rounds } = context
  const subjects = benchmark
    .subjects(context)
    .filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)))
  if (subjects.length === 0) throw new RangeError(`${benchmark.name}: no subject is left`)
  const collector = new Collector()
  for (let round = 1; round <= rounds; round++) {
    const first = round % subjects.length
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) {
      process.stderr.write(`${benchmark.name}, round ${round} of ${rounds}: ${subject.name}\n`)
      const rows = await benchmark.measure(subject, context)
      for (const row of rows) collector.add(subject.name, row)
    }
  }
  const results = collector.finish(benchmark, subjects, context)
  publish(benchmark, results, context)
  return results
}

function publish(benchmark: Benchmark, results: Results, context: Context): void {
  const { metrics, plot: plotted = metrics[0]!.name } = benchmark
  const path = writeResults(results, context.outDirectory)
  const plot = renderPlot(results, metrics.find(({ name }) => name === plotted)!)
  writeFileSync(path.replace(/json$/, 'svg'), plot)
  process.stdout.write(`\n## ${benchmark.title}\n\n${renderResults(results, metrics)}\n\n`)
  process.stderr.write(`${path}\n`)
  if (context.writesDocs) writeDocs(benchmark, results, plot)
}
