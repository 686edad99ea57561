// SPDX-License-Identifier: MIT
// Brings into sight what somebody picked elsewhere: on a phone it may be far down the page.

import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** Of what is nearly out of sight, enough to be noticed: the page stays where it is. */
const ENOUGH_PX = 100

/** For the element that shows what was picked; another object with every pick. */
export function useShown<T extends HTMLElement>(pick: object | undefined): RefObject<T | null> {
  const element = useRef<T>(null)
  useEffect(() => {
    if (pick === undefined || element.current === null) return
    const { top, bottom } = element.current.getBoundingClientRect()
    if (top < innerHeight - ENOUGH_PX && bottom > ENOUGH_PX) return
    element.current.scrollIntoView({ block: 'nearest' })
  }, [pick])
  return element
}
