// SPDX-License-Identifier: MIT
// Amounts of bytes as text.

const STEP = 1024
const UNITS = ['KB', 'MB', 'GB', 'TB']

/** `15 B`, `4.20 KB (4302 bytes)`, `64.00 MB (67108864 bytes)`. */
export function formatSize(bytes: number): string {
  if (bytes < STEP) return `${bytes} B`
  let amount = bytes / STEP
  let unit = 0
  while (amount >= STEP && unit < UNITS.length - 1) {
    amount /= STEP
    unit++
  }
  return `${amount.toFixed(2)} ${UNITS[unit]} (${bytes} bytes)`
}
