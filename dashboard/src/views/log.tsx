// SPDX-License-Identifier: MIT
// The last lines of the log, as they are written.

import { useMemo, useState } from 'preact/hooks'
import type { LogLineJson } from '../../../src/proxy/server/inspect/inspection-types.ts'
import { formatTime } from '../data/format.ts'
import { visible } from '../data/value-text.ts'
import { Choice, Head, TextField } from '../parts/basics.tsx'
import { VirtualList } from '../parts/virtual-list.tsx'
import { logLines } from '../state/live.ts'

type Level = LogLineJson['level']

const RANKS: Readonly<Record<Level, number>> = { debug: 0, warning: 1, error: 2 }

export function LogView() {
  const [level, setLevel] = useState<Level>('debug')
  const [filter, setFilter] = useState('')
  const [held, hold] = useState<readonly LogLineJson[] | undefined>(undefined)
  const lines = held ?? logLines.value
  const shown = useMemo(() => {
    const wanted = filter.toLowerCase()
    return lines.filter(
      (it) => RANKS[it.level] >= RANKS[level] && it.text.toLowerCase().includes(wanted),
    )
  }, [lines, level, filter])
  return (
    <>
      <Head title="Log" lead="Details are logged for as long as this view is open." />
      <section class="card form">
        <div class="row">
          <TextField
            id="log-filter"
            label="Only lines with"
            value={filter}
            placeholder="a key, an address, a word"
            onChange={setFilter}
          />
          <Choice
            label="Least level"
            chosen={level}
            onChoose={setLevel}
            options={[
              { value: 'debug', text: 'All' },
              { value: 'warning', text: 'Warnings' },
              { value: 'error', text: 'Errors' },
            ]}
          />
          <button
            type="button"
            aria-pressed={held !== undefined}
            onClick={() => hold(held === undefined ? logLines.value : undefined)}
          >
            {held === undefined ? 'Pause' : 'Go on'}
          </button>
        </div>
        <VirtualList
          label="Log lines"
          items={shown}
          keyOf={({ number }) => number}
          rowHeight={26}
          isFollowing={held === undefined}
        >
          {({ at, level: kind, text }) => (
            <>
              <span class="mono muted">{formatTime(at)}</span>
              <span class={`log-level ${kind}`}>{kind}</span>
              <span class="mono fill" title={text}>
                {visible(text)}
              </span>
            </>
          )}
        </VirtualList>
        <p class="muted small">
          {shown.length} of {lines.length} lines
        </p>
      </section>
    </>
  )
}
