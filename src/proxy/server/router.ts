// SPDX-License-Identifier: MIT
// Finds the route of a request by method and path.

import type { InfoHash } from '../../core/id/info-hash.ts'
import { keyFromSegment } from '../protocol/paths.ts'
import { HttpError } from './http-error.ts'
import type { Route } from './route.ts'

export interface FoundRoute {
  readonly route: Route
  /** Method and path of the route, for counting. */
  readonly name: string
  readonly key: InfoHash | undefined
  /** Behind the `?`. */
  readonly search: string
}

export class Router {
  /** By path without `:key`, then by method. */
  readonly #fixed = new Map<string, Map<string, Named>>()
  /** By path with `:key`, then by method. */
  readonly #keyed = new Map<string, Map<string, Named>>()

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const table = route.path.includes(KEY) ? this.#keyed : this.#fixed
      const methods = table.get(route.path) ?? new Map<string, Named>()
      if (methods.has(route.method)) throw new Error(`Two routes: ${route.method} ${route.path}`)
      methods.set(route.method, { route, name: `${route.method} ${route.path}` })
      table.set(route.path, methods)
    }
  }

  /** Throws HttpError: 404 for an unknown path, 405 for a method that the path does not have. */
  find(method: string, target: string): FoundRoute {
    const mark = target.indexOf('?')
    const place = mark < 0 ? target : target.slice(0, mark)
    const search = mark < 0 ? '' : target.slice(mark + 1)
    // Whoever believes to talk to a proxy of the other kind gives the whole URL.
    const path = place.startsWith('/') ? place : place.replace(ORIGIN, '') || '/'
    const fixed = this.#fixed.get(path)
    if (fixed !== undefined) {
      const { route, name } = pick(fixed, method, path)
      return { route, name, key: undefined, search }
    }
    const segments = path.split('/')
    const methods = this.#keyed.get(patternOf(segments))
    if (methods === undefined) throw new HttpError(404, `There is nothing at ${shown(path)}`)
    const segment = segments.length === 2 ? segments[1]! : segments[2]!
    const key = keyFromSegment(segment)
    if (key === undefined) throw new HttpError(400, `The key ${segment} has a broken % escape`)
    const { route, name } = pick(methods, method, path)
    return { route, name, key, search }
  }
}

interface Named {
  readonly route: Route
  readonly name: string
}

/** The pattern that a path may match: `/:key`, `/key/:key` or `/key/:key/…`; '' for none. */
function patternOf([, first, second, third, ...more]: readonly string[]): string {
  if (first === undefined || first === '') return ''
  if (second === undefined) return `/${KEY}`
  if (first !== 'key' || second === '' || more.length > 0) return ''
  return third === undefined ? `/key/${KEY}` : `/key/${KEY}/${third}`
}

function pick(methods: ReadonlyMap<string, Named>, method: string, path: string): Named {
  const named = methods.get(method)
  if (named !== undefined) return named
  const allowed = [...methods.keys()].join(', ')
  const message = `${shown(path)} does not take ${method}: expected ${allowed}`
  throw new HttpError(405, message, { Allow: allowed })
}

function shown(path: string): string {
  return path.slice(0, MAX_SHOWN)
}

const KEY = ':key'
const ORIGIN = /^https?:\/\/[^/]*/i
const MAX_SHOWN = 80
