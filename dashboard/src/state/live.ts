// SPDX-License-Identifier: MIT
// The live state of the node: one stream with the topics that the shown view needs, opened anew
// when it breaks, and closed while nobody sees the page.

import { computed, effect, signal } from '@preact/signals'
import type {
  LiveTopic,
  LiveTopics,
  LogLineJson,
} from '../../../src/proxy/server/inspect/inspection-types.ts'
import { addSample } from './history.ts'
import { route, type ViewName } from './route.ts'
import { linesOf, pause, pauseBefore, RequestError, request, token } from './server.ts'
import { isVisible } from './visibility.ts'

/** `refused`: the proxy is there, but does not show us its node. */
export type Connection = 'connecting' | 'live' | 'lost' | 'refused' | 'paused'

export const connection = signal<Connection>('connecting')
/** Why it was lost or refused. */
export const connectionError = signal('')
/** Whether a token would help who was refused. */
export const asksForToken = signal(false)

export const overview = signal<LiveTopics['overview'] | undefined>(undefined)
export const network = signal<LiveTopics['network'] | undefined>(undefined)
export const searches = signal<LiveTopics['searches'] | undefined>(undefined)
export const storage = signal<LiveTopics['storage'] | undefined>(undefined)
export const logLines = signal<readonly LogLineJson[]>([])

const TOPICS: Readonly<Record<ViewName, readonly LiveTopic[]>> = {
  overview: ['overview', 'storage'],
  network: ['overview', 'network'],
  keys: ['overview'],
  searches: ['overview', 'searches'],
  log: ['overview', 'log'],
  metrics: ['overview'],
  replay: [],
  settings: ['overview'],
}

/** The server says something every four seconds. */
const SILENCE_MS = 10_000
const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 10_000
const MAX_LOG_LINES = 5000

const topics = computed(() => (isVisible.value ? TOPICS[route.value.view].join(',') : ''))

export function startLive(): void {
  effect(() => {
    const wanted = topics.value
    void token.value
    if (wanted === '') {
      connection.value = 'paused'
      return
    }
    const stop = new AbortController()
    void keepOpen(wanted, stop.signal)
    return () => stop.abort()
  })
}

async function keepOpen(wanted: string, stop: AbortSignal): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS
  let failure: unknown
  while (!stop.aborted) {
    try {
      await readStream(wanted, stop, () => {
        pauseMs = FIRST_PAUSE_MS
      })
      failure = undefined
      lose('lost', 'The proxy ended the connection')
    } catch (error) {
      if (stop.aborted) return
      failure = error
      const status = error instanceof RequestError ? error.status : 0
      const isRefused = status === 401 || status === 403
      asksForToken.value = status === 401
      lose(isRefused ? 'refused' : 'lost', error instanceof Error ? error.message : String(error))
      if (isRefused) pauseMs = MAX_PAUSE_MS
    }
    await pause(pauseBefore(pauseMs, failure), stop)
    pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)
  }
}

function lose(state: Connection, why: string): void {
  connection.value = state
  connectionError.value = why
}

async function readStream(wanted: string, stop: AbortSignal, onOpen: () => void): Promise<void> {
  const silence = new AbortController()
  const startTimer = () => setTimeout(() => silence.abort(), SILENCE_MS)
  let timer = startTimer()
  const heard = (): void => {
    clearTimeout(timer)
    timer = startTimer()
  }
  try {
    const response = await request(`inspect/live?topics=${wanted}`, {
      accept: 'text/event-stream',
      isPrivate: true,
      signal: AbortSignal.any([stop, silence.signal]),
    })
    onOpen()
    connection.value = 'live'
    connectionError.value = ''
    let topic = ''
    for await (const lines of linesOf(response, heard)) {
      for (const line of lines) {
        if (line.startsWith('event: ')) topic = line.slice(7)
        else if (line.startsWith('data: ')) take(topic, JSON.parse(line.slice(6)))
      }
    }
  } catch (error) {
    if (silence.signal.aborted) throw new RequestError(0, 'The proxy says nothing any more')
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function take(topic: string, json: unknown): void {
  if (topic === 'overview') {
    overview.value = json as LiveTopics['overview']
    addSample(json as LiveTopics['overview'])
  } else if (topic === 'network') network.value = json as LiveTopics['network']
  else if (topic === 'searches') searches.value = json as LiveTopics['searches']
  else if (topic === 'storage') storage.value = json as LiveTopics['storage']
  else if (topic === 'log') takeLog(json as LiveTopics['log'])
}

/** The first event repeats what is known; after a restart of the server, numbers begin anew. */
function takeLog(lines: LiveTopics['log']): void {
  const known = logLines.value
  const first = lines[0]
  if (first === undefined) return
  const last = known.at(-1)
  const isRestart = last !== undefined && lines.at(-1)!.at > last.at && first.number < last.number
  const isOther = isRestart && known.find((it) => it.number === first.number)?.at !== first.at
  const kept = isOther || last === undefined ? [] : known
  const after = kept.at(-1)?.number ?? -1
  const fresh = lines.filter(({ number }) => number > after)
  if (fresh.length > 0) logLines.value = [...kept, ...fresh].slice(-MAX_LOG_LINES)
}
