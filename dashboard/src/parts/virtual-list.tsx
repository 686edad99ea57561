// SPDX-License-Identifier: MIT
// A list of any length of which only the rows in sight exist.

import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface VirtualListProps<T> {
  readonly label: string
  readonly items: readonly T[]
  readonly keyOf: (item: T) => string | number
  readonly children: (item: T) => ComponentChildren
  readonly rowHeight?: number
  /** Stay at the end while items are added there. */
  readonly isFollowing?: boolean
}

/** Rows beyond the edges, so that scrolling shows no gaps. */
const MARGIN_ROWS = 6

export function VirtualList<T>(props: VirtualListProps<T>) {
  const { label, items, keyOf, children, rowHeight = 38, isFollowing = false } = props
  const box = useRef<HTMLElement>(null)
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(400)

  useLayoutEffect(() => {
    const element = box.current!
    const observer = new ResizeObserver(() => setHeight(element.clientHeight))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => {
    const element = box.current!
    if (isFollowing) element.scrollTop = items.length * rowHeight
  }, [items.length, isFollowing, rowHeight])

  const first = Math.max(0, Math.floor(top / rowHeight) - MARGIN_ROWS)
  const count = Math.ceil(height / rowHeight) + 2 * MARGIN_ROWS
  return (
    <section
      class="virtual"
      style={{ height: `${items.length * rowHeight + 2}px` }}
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too
      tabIndex={0}
      aria-label={label}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <ul class="virtual-space" style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(first, first + count).map((item, i) => (
          <li
            key={keyOf(item)}
            class="virtual-row"
            style={{ top: `${(first + i) * rowHeight}px`, height: `${rowHeight}px` }}
            aria-setsize={items.length}
            aria-posinset={first + i + 1}
          >
            {children(item)}
          </li>
        ))}
      </ul>
    </section>
  )
}
