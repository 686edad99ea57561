// SPDX-License-Identifier: MIT
// The registers under a key: of each owner the state that prevails, whoever wrote it down.

import { useMemo } from 'preact/hooks'
import { shortId } from '../data/format.ts'
import { ownerIdOf, registerOf } from '../data/shown-value.ts'
import { summary } from '../data/value-text.ts'
import type { ValueRow } from '../state/watched-key.ts'
import { Badge } from './basics.tsx'

interface RegisterState {
  readonly owner: string
  readonly revision: number
  readonly data: Uint8Array | undefined
  readonly slots: number
}

export function Registers({ rows }: { rows: readonly ValueRow[] }) {
  const states = useMemo(() => prevailing(rows), [rows])
  if (states.length === 0) return null
  return (
    <section class="card">
      <h2>Registers</h2>
      <ul class="plain">
        {states.map(({ owner, revision, data, slots }) => (
          <li key={owner}>
            <span class="mono small" title={owner}>
              {shortId(owner)}
            </span>
            <Badge>revision {revision}</Badge>
            {data === undefined ? <Badge tone="warn">deleted</Badge> : <bdi>{summary(data)}</bdi>}
            <span class="muted small">
              {slots} {slots === 1 ? 'writer' : 'writers'}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function prevailing(rows: readonly ValueRow[]): RegisterState[] {
  const states = new Map<string, RegisterState>()
  for (const { json } of rows) {
    const state = registerOf(json)
    const owner = state === undefined ? undefined : ownerIdOf(json)
    if (state === undefined || owner === undefined) continue
    const known = states.get(owner)
    const slots = (known?.slots ?? 0) + 1
    const isHigher = known === undefined || state.revision > known.revision
    states.set(owner, isHigher ? { owner, ...state, slots } : { ...known, slots })
  }
  return [...states.values()]
}
