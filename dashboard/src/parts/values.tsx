// SPDX-License-Identifier: MIT
// The list of the values under a key. It may be long, so Tab goes through it in one step, and
// arrows go through its values.

import { useLayoutEffect, useRef } from 'preact/hooks'
import { formatCount } from '../data/format.ts'
import { contentOf } from '../data/shown-value.ts'
import { summary } from '../data/value-text.ts'
import { endOf, type StoredEnds } from '../state/stored-ends.ts'
import type { ValueRow } from '../state/watched-key.ts'
import { Badge } from './basics.tsx'
import { ShortCountdown } from './countdown.tsx'
import { VirtualList } from './virtual-list.tsx'

export interface Picked {
  readonly id: string
  /** Then the keyboard stays in the list. */
  readonly isByKeys: boolean
}

export interface ValuesProps {
  readonly rows: readonly ValueRow[]
  /** How many more there are that are not kept. */
  readonly ignored: number
  /** Id of the value whose details are shown. */
  readonly picked: string | undefined
  readonly ends: StoredEnds
  /** Whether these are all values that are known. */
  readonly isKnown: boolean
  readonly onPick: (picked: Picked) => void
}

export function Values({ rows, ignored, picked, ends, isKnown, onPick }: ValuesProps) {
  const list = useRef<HTMLElement>(null)
  const isMoving = useRef(false)
  useLayoutEffect(() => {
    if (isMoving.current) list.current?.querySelector<HTMLElement>('[aria-pressed=true]')?.focus()
    isMoving.current = false
  }, [picked])
  const move = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const row = rows[rows.findIndex(({ json }) => json.id === picked) + by]
    if (by === 0 || row === undefined) return
    event.preventDefault()
    isMoving.current = true
    onPick({ id: row.json.id, isByKeys: true })
  }
  return (
    <section class="card" ref={list}>
      <div class="card-head">
        <h2>Values</h2>
        <span class="muted small" aria-live="polite">
          {formatCount(rows.length)}
          {ignored > 0 && ` shown, ${formatCount(ignored)} more`}
        </span>
      </div>
      {rows.length === 0 ? (
        <p class="empty">{isKnown ? 'No values yet: put one.' : 'Waiting for values…'}</p>
      ) : (
        <VirtualList label="Values, newest first" items={rows} keyOf={({ json }) => json.id}>
          {(row) => (
            <>
              <button
                type="button"
                class="link fill value-pick"
                tabIndex={row.json.id === picked ? 0 : -1}
                aria-pressed={row.json.id === picked}
                onKeyDown={move}
                onClick={() => onPick({ id: row.json.id, isByKeys: false })}
              >
                <bdi>{summary(contentOf(row.json)) || '(empty)'}</bdi>
              </button>
              {row.json.sig !== undefined && <Badge tone="good">signed</Badge>}
              {row.json.cypher !== undefined && <Badge>encrypted</Badge>}
              <ShortCountdown end={endOf(row.json, row.at, ends)} />
            </>
          )}
        </VirtualList>
      )}
    </section>
  )
}
