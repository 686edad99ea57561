// SPDX-License-Identifier: MIT
// Puts the tables of a run between the markers of its page.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Benchmark } from './benchmark.ts'
import { ROOT } from './context.ts'
import type { Results } from './results.ts'
import { renderResults } from './table.ts'

const DOCS = join(ROOT, 'docs')
const PLOTS = join(DOCS, 'performance')

/** Throws when the page has no place for this benchmark. */
export function writeDocs(benchmark: Benchmark, results: Results, plot: string): void {
  const { name, page: file = 'performance.md' } = benchmark
  const begin = `<!-- bench:${name} -->`
  const end = `<!-- /bench:${name} -->`
  const page = readFileSync(join(DOCS, file), 'utf8')
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/${file} lacks ${begin} … ${end}`)
  const body = [begin, facts(results), renderResults(results, benchmark.metrics)]
  if (plot !== '') {
    mkdirSync(PLOTS, { recursive: true })
    writeFileSync(join(PLOTS, `${name}.svg`), plot)
    body.push(`![${benchmark.title}](performance/${name}.svg)`)
  }
  writeFileSync(join(DOCS, file), `${page.slice(0, from) + body.join('\n\n')}\n\n${page.slice(to)}`)
}

function facts({ date, rounds, seconds, machine }: Results): string {
  const { processor, processors, memoryGb, system, node, cpp } = machine
  return (
    `${date}; ${processors} processors (${processor}), ${memoryGb} GB, ${system}, ` +
    `Node.js ${node}, C++ library ${cpp ?? 'not installed'}; median of ${rounds} ` +
    `${rounds === 1 ? 'round' : 'rounds'} of ${seconds} s per measurement.`
  )
}
