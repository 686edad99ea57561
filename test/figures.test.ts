// SPDX-License-Identifier: MIT
// The figures that the readme gives are those of docs/performance.md, which benchmarks write: who
// measures anew and forgets the readme fails here.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readText } from './support/markdown.ts'

/** Where each row of the readme comes from: benchmark, table, row; and its columns, C++ first. */
const SOURCES: Readonly<Record<string, readonly [string, string, string]>> = {
  'gets of 100 bytes answered by one core, per second': [
    'serve',
    'Replies on one processor',
    'get, 100 bytes',
  ],
  '32 gets at once in a network of 16 nodes, rate': [
    'network',
    'Operations',
    '16 nodes, get, 32 at once',
  ],
  '32 puts at once in a network of 16 nodes, rate': [
    'network',
    'Operations',
    '16 nodes, put, 32 at once',
  ],
  '32 ping-pongs at once through put and listen of two nodes, rate': [
    'pingpong',
    'Answers',
    '2 nodes, 32 at once',
  ],
  'from the start of the process to its first answer': [
    'startup',
    'Time since the start of the process',
    'first answer',
  ],
  'memory of an idle process': ['startup', 'Resident memory afterwards', 'process'],
}
const MONTHS =
  'January February March April May June July August September October November December'

const readme = readText('README.md')
const performance = readText('docs/performance.md')

function benchmark(name: string): string {
  const found = new RegExp(`<!-- bench:${name} -->\\n(.*?)<!-- /bench`, 's').exec(performance)
  assert.ok(found, `docs/performance.md has no ${name}`)
  return found[1]!
}

/** Cells of the readme beside those that were measured, by what was measured. */
function rows(): [what: string, shown: string[], measured: string[]][] {
  const [, table = ''] = /\| Measured beside [^\n]*\n\|[-|]+\n(.*?)\n\n/s.exec(readme) ?? []
  return cellsOf(table).map(([what = '', ...shown]) => {
    const source = SOURCES[what]
    assert.ok(source, `where is "${what}" from?`)
    const [name, title, row] = source
    const [, body = ''] = benchmark(name).split(`**${title}**`)
    const measured = cellsOf(body.split('\n**')[0]!).find(([first]) => first === row)
    assert.ok(measured, `docs/performance.md has no row "${row}"`)
    return [what, shown, measured.slice(1)]
  })
}

function cellsOf(table: string): string[][] {
  const lines = table.split('\n').filter((line) => line.startsWith('|'))
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const numberOf = (text: string): number => Number(/[\d,.]+/.exec(text)![0].replaceAll(',', ''))

/** `measured` with as many digits as the readme gives. */
function assertRounded(what: string, shown: string, measured: number): void {
  const figure = numberOf(shown)
  const digits = `${figure}`.replace('.', '').replace(/^0+|0+$/g, '').length
  assert.equal(figure, Number(measured.toPrecision(digits)), `${what}: ${shown}`)
}

test('figures of the readme are those that were measured', () => {
  const found = rows()
  assert.equal(found.length, Object.keys(SOURCES).length)
  for (const [what, [cpp = '', ours = ''], measured] of found) {
    const [fast = '', other = ''] = measured
    if (cpp === '1') {
      assertRounded(what, ours, numberOf(fast.split('×')[1]!))
      continue
    }
    assertRounded(what, cpp, numberOf(measured.at(-1)!))
    const [first, second] = ours.split('; ')
    assertRounded(what, first!, numberOf(fast))
    if (second !== undefined) assertRounded(what, second, numberOf(other))
  }
})

test('the readme says how, when and beside what they were measured', () => {
  const version = /Measured beside (\S+),/.exec(readme)![1]!
  const [, day = '', month = '', year] =
    /Medians of five rounds on a virtual machine with two processors, (\d+) (\w+) (\d+):/.exec(
      readme,
    ) ?? []
  const number = `${MONTHS.split(' ').indexOf(month) + 1}`
  const date = [year, number.padStart(2, '0'), day.padStart(2, '0')].join('-')
  for (const name of new Set(Object.values(SOURCES).map(([it]) => it))) {
    const method = /^\d{4}-\d\d-\d\d; .*$/m.exec(benchmark(name))![0]
    assert.match(method, /; 2 processors .*; median of 5 rounds /, name)
    assert.ok(method.startsWith(`${date};`), `${name} was measured at another time: ${method}`)
    assert.ok(method.includes(`C++ library ${version}`), method)
  }
})
