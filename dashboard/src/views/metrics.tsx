// SPDX-License-Identifier: MIT
// All counters of node and proxy, with how fast they grow.

import { useMemo, useRef, useState } from 'preact/hooks'
import type { OverviewJson } from '../../../src/proxy/server/inspect/inspection-types.ts'
import { formatCount, formatRate } from '../data/format.ts'
import { Head, TextField } from '../parts/basics.tsx'
import { ScrollTable } from '../parts/scroll-table.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { overview } from '../state/live.ts'
import { urlOf } from '../state/server.ts'

interface Counter {
  readonly name: string
  readonly value: number
}

const COLUMNS = ['Counter', '#Value', '#Change per second']

interface Sample {
  readonly at: number
  readonly counters: ReadonlyMap<string, number>
}

export function MetricsView() {
  const [filter, setFilter] = useState('')
  const [hidesZeros, hideZeros] = useState(true)
  const before = useRef<[Sample | undefined, Sample | undefined]>([undefined, undefined])
  const state = overview.value
  const counters = useMemo(() => (state === undefined ? [] : flatten(state)), [state])
  if (state === undefined) {
    return (
      <>
        <Head title="Metrics" />
        <Waiting />
      </>
    )
  }
  if (before.current[1]?.at !== state.now) {
    const sample = { at: state.now, counters: new Map(counters.map((it) => [it.name, it.value])) }
    before.current = [before.current[1], sample]
  }
  const [last] = before.current
  const seconds = last === undefined ? 0 : (state.now - last.at) / 1000
  const wanted = filter.toLowerCase()
  const shown = counters.filter(
    ({ name, value }) => name.toLowerCase().includes(wanted) && !(hidesZeros && value === 0),
  )
  return (
    <>
      <Head title="Metrics" lead="Counters since the start, and how fast they change.">
        <a href={urlOf('metrics').href}>OpenMetrics page</a>
        <a href={urlOf('api').href}>REST interface</a>
      </Head>
      <section class="card form">
        <div class="row">
          <TextField
            id="metric-filter"
            label="Only names with"
            value={filter}
            placeholder="dropped, ipv4, requests"
            onChange={setFilter}
          />
          <label class="check">
            <input
              type="checkbox"
              checked={hidesZeros}
              onChange={(event) => hideZeros(event.currentTarget.checked)}
            />
            without zeros
          </label>
        </div>
        <ScrollTable label="Counters" size="tall" columns={COLUMNS}>
          {shown.map(({ name, value }) => (
            <tr key={name}>
              <td class="mono">{name}</td>
              <td class="number">{formatCount(value)}</td>
              <td class="number">{changeOf(value, last?.counters.get(name), seconds)}</td>
            </tr>
          ))}
        </ScrollTable>
      </section>
    </>
  )
}

function changeOf(value: number, before: number | undefined, seconds: number): string {
  if (before === undefined || seconds <= 0 || value === before) return ''
  const rate = (value - before) / seconds
  return rate < 0 ? `−${formatRate(-rate)}` : formatRate(rate)
}

/** Numbers anywhere in the overview, named by their path. */
function flatten({ stats, proxy, process }: OverviewJson): Counter[] {
  const counters: Counter[] = []
  const walk = (json: unknown, path: string): void => {
    if (typeof json === 'number') counters.push({ name: path, value: json })
    else if (typeof json === 'object' && json !== null) {
      for (const [name, item] of Object.entries(json)) {
        walk(item, path === '' ? name : `${path}.${name}`)
      }
    }
  }
  walk({ node: stats, proxy, process }, '')
  return counters
}
