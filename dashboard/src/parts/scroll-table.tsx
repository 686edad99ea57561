// SPDX-License-Identifier: MIT
// A table in a box that scrolls, by keyboard too.

import type { ComponentChildren } from 'preact'

/** A heading, `#` before those of numbers, which stand at the right. */
export type Column = string

export interface ScrollTableProps {
  readonly label: string
  readonly columns?: readonly Column[]
  readonly size?: 'short' | 'tall'
  /** The rows. */
  readonly children: ComponentChildren
}

export function ScrollTable({ label, columns, size, children }: ScrollTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too
    <section class={`scroll ${size ?? ''}`} tabIndex={0} aria-label={label}>
      <table>
        {columns !== undefined && (
          <thead>
            <tr>
              {columns.map((it) => (
                <th key={it} scope="col" class={it.startsWith('#') ? 'number' : ''}>
                  {it.replace('#', '')}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>{children}</tbody>
      </table>
    </section>
  )
}
