// SPDX-License-Identifier: MIT
// Whether anybody sees the page. Streams are closed while nobody does: browsers grant all tabs of a
// server together six connections, and a hidden tab that held two would keep others from working.

import { signal } from '@preact/signals'

export const isVisible = signal(document.visibilityState !== 'hidden')

document.addEventListener('visibilitychange', () => {
  isVisible.value = document.visibilityState !== 'hidden'
})

/** Resolves when the page is seen, or `stop` is aborted. */
export async function untilVisible(stop: AbortSignal): Promise<void> {
  while (!isVisible.peek() && !stop.aborted) {
    await new Promise((resolve) => {
      document.addEventListener('visibilitychange', resolve, { once: true })
      stop.addEventListener('abort', resolve, { once: true })
    })
  }
}

/** Aborted when the page is hidden; `end` is to be called when nobody waits for that any more. */
export function hiding(): { readonly signal: AbortSignal; readonly end: () => void } {
  const hidden = new AbortController()
  const end = isVisible.subscribe((visible) => {
    if (!visible) hidden.abort()
  })
  return { signal: hidden.signal, end }
}
