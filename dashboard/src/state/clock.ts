// SPDX-License-Identifier: MIT
// The time, second by second, for what counts down; it stands still while nobody looks at it.

import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

const now = signal(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

/** Wall time in milliseconds; the component is drawn anew every second. */
export function useNow(): number {
  useEffect(() => {
    if (users++ === 0) {
      now.value = Date.now()
      timer = setInterval(() => {
        if (document.visibilityState !== 'hidden') now.value = Date.now()
      }, 1000)
    }
    return () => {
      if (--users === 0) clearInterval(timer)
    }
  }, [])
  return now.value
}
