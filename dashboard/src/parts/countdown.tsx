// SPDX-License-Identifier: MIT
// How long a value still lives.

import { formatDuration } from '../data/format.ts'
import { useNow } from '../state/clock.ts'
import type { ValueEnd } from '../state/stored-ends.ts'

export function Countdown({ end: { at, isLatest } }: { end: ValueEnd }) {
  const now = useNow()
  if (at === null) return <span>kept by this node</span>
  const left = at - now
  if (left <= 0) return <span>{isLatest ? 'unless renewed: now' : 'now'}</span>
  const prefix = isLatest ? 'unless renewed, within ' : 'in '
  return (
    <span>
      {prefix}
      {formatDuration(left)}
    </span>
  )
}

/** For lists. */
export function ShortCountdown({ end: { at, isLatest } }: { end: ValueEnd }) {
  const now = useNow()
  if (at === null) return <span class="muted small">kept</span>
  const text = formatDuration(Math.max(0, at - now))
  return (
    <span class="muted small" title={isLatest ? 'at the latest, unless it is renewed' : ''}>
      {isLatest ? `≤ ${text}` : text}
    </span>
  )
}
