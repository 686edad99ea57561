// SPDX-License-Identifier: MIT
// When values end, as far as the node of the proxy stores them. Of others only the latest moment is
// known: nodes do not tell how old their values are.

import { type Signal, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { StoredValuesJson } from '../../../src/proxy/server/inspect/inspection-types.ts'
import { lifetimeOf, type ValueJson } from '../data/shown-value.ts'
import { connection } from './live.ts'
import { requestJson } from './server.ts'

/** Milliseconds of the page's clock; null for never. */
export type StoredEnds = ReadonlyMap<string, number | null>

export interface ValueEnd {
  readonly at: number | null
  /** It may end earlier. */
  readonly isLatest: boolean
}

const INTERVAL_MS = 10_000
const NONE: StoredEnds = new Map()

/** Asks while the component is shown, and anew when `version` changed. */
export function useStoredEnds(hash: string, version: number): Signal<StoredEnds> {
  useEffect(() => {
    ends.value = NONE
    const stop = new AbortController()
    const ask = () => void readEnds(hash, stop.signal)
    const timer = setInterval(ask, INTERVAL_MS)
    return () => {
      clearInterval(timer)
      stop.abort()
    }
  }, [hash])
  useEffect(() => {
    const stop = new AbortController()
    const timer = setTimeout(() => void readEnds(hash, stop.signal), 300)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [hash, version])
  return ends
}

export function endOf(json: ValueJson, seenAt: number, stored: StoredEnds): ValueEnd {
  const at = stored.get(json.id)
  if (at !== undefined) return { at, isLatest: false }
  return { at: seenAt + lifetimeOf(json), isLatest: true }
}

const ends = signal<StoredEnds>(NONE)

async function readEnds(hash: string, signal: AbortSignal): Promise<void> {
  if (connection.value !== 'live') return
  try {
    const path = `inspect/values?key=${hash}`
    const { values } = await requestJson<StoredValuesJson>(path, { isPrivate: true, signal })
    const now = Date.now()
    ends.value = new Map(
      values.map(({ id, expiresIn }) => [id, expiresIn === null ? null : now + expiresIn]),
    )
  } catch {
    // Estimates do; whether the proxy answers at all is shown elsewhere.
  }
}
