// SPDX-License-Identifier: MIT
// Which view is shown: what is behind the `#` of the address, so that views can be linked to.

import { signal } from '@preact/signals'

export const VIEWS = [
  'overview',
  'network',
  'keys',
  'searches',
  'log',
  'metrics',
  'replay',
  'settings',
] as const

export type ViewName = (typeof VIEWS)[number]

export interface Route {
  readonly view: ViewName
  /** What follows the view, such as a key. */
  readonly rest: string
}

export const route = signal<Route>(parseRoute(location.hash))

export function hrefOf(view: ViewName, rest = ''): string {
  return rest === '' ? `#/${view}` : `#/${view}/${encodeURIComponent(rest)}`
}

export function go(view: ViewName, rest = ''): void {
  location.hash = hrefOf(view, rest)
}

addEventListener('hashchange', () => {
  route.value = parseRoute(location.hash)
})

function parseRoute(hash: string): Route {
  const [, name = '', rest = ''] = /^#\/([^/]*)(?:\/(.*))?$/.exec(hash) ?? []
  const view = VIEWS.find((it) => it === name) ?? 'overview'
  return { view, rest: unescaped(rest) }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
