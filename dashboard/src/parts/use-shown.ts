// SPDX-License-Identifier: MIT
// Brings into sight what somebody picked elsewhere: on a phone it may be far down the page.

import { type RefObject, useEffect, useRef } from 'preact/hooks'

/** For the element that shows what was picked; another object with every pick. */
export function useShown<T extends HTMLElement>(pick: object | undefined): RefObject<T> {
  const element = useRef<T>(null)
  useEffect(() => {
    if (pick !== undefined) element.current?.scrollIntoView({ block: 'nearest' })
  }, [pick])
  return element
}
