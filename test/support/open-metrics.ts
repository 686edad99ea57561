// SPDX-License-Identifier: MIT
// A strict reader of OpenMetrics 1.0 text, written from the standard and not from our writer. It
// throws for whatever a scraper might refuse: order, duplicates, suffixes, units, escapes, buckets.

import assert from 'node:assert/strict'

export interface MetricSample {
  /** With its suffix, as on the line. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ParsedFamily {
  readonly type: string
  readonly unit: string | undefined
  readonly help: string
  readonly samples: MetricSample[]
}

const SUFFIXES: Record<string, readonly string[]> = {
  counter: ['_total', '_created'],
  gauge: [''],
  stateset: [''],
  info: ['_info'],
  histogram: ['_bucket', '_count', '_sum', '_created'],
}
const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const METADATA = new RegExp(`^# (TYPE|UNIT|HELP) (${NAME}) (.*)$`)
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`)
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/

/** The families of a page by their names. */
export function parseOpenMetrics(text: string): Map<string, ParsedFamily> {
  assert.ok(text.endsWith('\n# EOF\n') || text === '# EOF\n', 'the page must end with # EOF')
  const families = new Map<string, ParsedFamily>()
  const lines = text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)
  let name = ''
  for (const line of lines) {
    const [, keyword, family, rest] = METADATA.exec(line) ?? []
    if (keyword === undefined) {
      addSample(families, name, line)
    } else if (keyword === 'TYPE') {
      name = family!
      assert.ok(!families.has(name), `${name} begins twice`)
      assert.ok(SUFFIXES[rest!] !== undefined, `${line}: no such type`)
      families.set(name, { type: rest!, unit: undefined, help: '', samples: [] })
    } else {
      const known = families.get(family!)
      assert.ok(known && family === name && known.samples.length === 0, `${line} is out of order`)
      const field = keyword === 'UNIT' ? { unit: rest! } : { help: unescaped(rest!) }
      families.set(name, { ...known, ...field })
    }
  }
  for (const [each, family] of families) checkFamily(each, family)
  return families
}

/** The value of one sample; undefined when there is no such. */
export function sampleOf(
  families: ReadonlyMap<string, ParsedFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = labelKey(labels)
  for (const { samples } of families.values()) {
    for (const it of samples) {
      if (it.name === name && labelKey(it.labels) === wanted) return it.value
    }
  }
  return undefined
}

function addSample(families: Map<string, ParsedFamily>, family: string, line: string): void {
  const known = families.get(family)
  const [, name, labelText = '', number] = SAMPLE.exec(line) ?? []
  assert.ok(known && name !== undefined, `neither metadata nor a sample: ${line}`)
  assert.ok(name.startsWith(family), `${line} is not of ${family}`)
  const suffix = name.slice(family.length)
  assert.ok(SUFFIXES[known.type]!.includes(suffix), `${line} has a suffix no ${known.type} has`)
  assert.match(number!, NUMBER, line)
  const labels = parseLabels(labelText, line)
  const key = labelKey(labels)
  const isNew = known.samples.every((it) => it.name !== name || labelKey(it.labels) !== key)
  assert.ok(isNew, `${line} is there twice`)
  known.samples.push({ name, labels, value: Number(number!.replace('Inf', 'Infinity')) })
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  let rest = text
  while (rest !== '') {
    const [all, name, value] = LABEL.exec(rest) ?? []
    assert.ok(all !== undefined, `wrong labels: ${line}`)
    assert.ok(!Object.hasOwn(labels, name!), `label ${name} is there twice: ${line}`)
    labels[name!] = unescaped(value!)
    rest = rest.slice(all.length)
  }
  return labels
}

function checkFamily(name: string, { type, unit, help, samples }: ParsedFamily): void {
  assert.ok(help !== '', `${name} says nothing of itself`)
  if (unit !== undefined) assert.ok(name.endsWith(`_${unit}`), `${name} is not in ${unit}`)
  for (const suffix of SUFFIXES[type]!.filter((it) => it !== '')) {
    assert.ok(!name.endsWith(suffix), `${name} ends with ${suffix}, which samples have`)
  }
  for (const { value, labels } of samples) {
    if (type === 'counter') assert.ok(value >= 0, `${name} counts downwards`)
    if (type === 'info') assert.equal(value, 1)
    if (type === 'stateset') {
      assert.ok(value === 0 || value === 1)
      assert.ok(Object.hasOwn(labels, name), `${name} does not name the state`)
    }
  }
  if (type === 'histogram') checkBuckets(name, samples)
}

/** Per set of labels: ascending bounds, counts that only grow, an infinite one with them all. */
function checkBuckets(name: string, samples: readonly MetricSample[]): void {
  const last = new Map<string, { le: number; count: number }>()
  for (const it of samples) {
    const { le, ...labels } = it.labels
    const key = labelKey(labels)
    if (it.name === `${name}_count`)
      assert.deepEqual(last.get(key), { le: Infinity, count: it.value })
    if (it.name !== `${name}_bucket`) continue
    assert.match(le ?? '', /^(?:\d+\.\d+|\+Inf)$/)
    const bound = le === '+Inf' ? Infinity : Number(le)
    const before = last.get(key) ?? { le: -Infinity, count: 0 }
    assert.ok(bound > before.le && it.value >= before.count, `${name} has odd buckets`)
    last.set(key, { le: bound, count: it.value })
  }
}

function labelKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter))
}
