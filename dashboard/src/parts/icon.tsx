// SPDX-License-Identifier: MIT
// The signs of the navigation.

import type { ViewName } from '../state/route.ts'

const PATHS: Readonly<Record<ViewName, string>> = {
  overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z',
  network:
    'M12 5a1.5 1.5 0 1 0 0-.01M5 18a1.5 1.5 0 1 0 0-.01M19 18a1.5 1.5 0 1 0 0-.01' +
    'M12 7 6 17M12 7l6 10M7 18h10',
  keys: 'M14.5 9.5a4 4 0 1 0-3.4 3.95L13 15h2v2h2v2h3v-3l-5.6-5.6c.07-.3.1-.6.1-.9zM9 9h.01',
  searches: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20 20',
  log: 'M5 5h14M5 10h14M5 15h9M5 20h6',
  metrics: 'M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6',
  replay: 'M8 5v14l11-7z',
  settings:
    'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1' +
    'M16.3 16.3l2.1 2.1M5.6 18.4l2.1-2.1M16.3 7.7l2.1-2.1',
}

export function Icon({ name }: { name: ViewName }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
