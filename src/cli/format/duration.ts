// SPDX-License-Identifier: MIT
// Durations as people read them in a session: three significant digits and a unit that fits.

const UNITS: readonly { readonly name: string; readonly ms: number; readonly upTo: number }[] = [
  { name: 'us', ms: 0.001, upTo: 1 },
  { name: 'ms', ms: 1, upTo: 1000 },
  { name: 's', ms: 1000, upTo: 60_000 },
  { name: 'min', ms: 60_000, upTo: 3_600_000 },
  { name: 'h', ms: 3_600_000, upTo: 72 * 3_600_000 },
]
const DAY_MS = 24 * 3_600_000

/** `60.3 us`, `1.17 ms`, `2 s`, `5 min`, `71.5 h`, `4 days`. */
export function formatDuration(ms: number): string {
  for (const unit of UNITS) {
    const amount = threeDigits(ms / unit.ms)
    // Compared after rounding, so that 999.9 us become 1 ms instead of 1000 us.
    if (amount * unit.ms < unit.upTo) return `${amount} ${unit.name}`
  }
  return `${threeDigits(ms / DAY_MS)} days`
}

/** `2 s ago`, `now`, or `never` for a time that never was. */
export function formatAgo(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return 'never'
  return ms <= 0 ? 'now' : `${formatDuration(ms)} ago`
}

/** The time since it was made, as text or in milliseconds. */
export interface Stopwatch {
  (): string
  ms(): number
}

export function startStopwatch(): Stopwatch {
  const start = performance.now()
  const ms = (): number => performance.now() - start
  return Object.assign(() => formatDuration(ms()), { ms })
}

function threeDigits(amount: number): number {
  return amount >= 1000 ? Math.round(amount) : Number(amount.toPrecision(3))
}
