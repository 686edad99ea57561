// SPDX-License-Identifier: MIT
// Lookups of the node as they run: who was asked, in which order, and how close to the key that
// came.

import { useEffect, useRef, useState } from 'preact/hooks'
import type {
  SearchesJson,
  SearchJson,
  SearchNodeJson,
} from '../../../src/proxy/server/inspect/inspection-types.ts'
import { formatAgo, formatMs, formatNumberOf, shortId } from '../data/format.ts'
import { LookupTrack, type Step } from '../data/lookup-track.ts'
import { hashOfKey } from '../data/shown-value.ts'
import { Badge, Head, KeyLink, TextField } from '../parts/basics.tsx'
import { LookupPicture } from '../parts/lookup-picture.tsx'
import { ScrollTable } from '../parts/scroll-table.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { searches } from '../state/live.ts'
import { getOnce } from '../state/watched-key.ts'

const LEAD =
  'A lookup asks ever closer nodes until it has found the eight closest to the key. Start one, ' +
  'and watch who is asked.'

export function SearchesView() {
  const [picked, pick] = useState<string | undefined>(undefined)
  const tracks = useRef(new Map<string, LookupTrack>())
  const state = searches.value
  useTracks(state, tracks.current)
  // One that was just started is known by its key alone: which families are asked shows later.
  const shown =
    state?.searches.find((it) => idOf(it) === picked || it.key === picked) ?? state?.searches[0]
  return (
    <>
      <Head title="Searches" lead={LEAD} />
      <StartForm onStarted={pick} />
      {state === undefined && <Waiting />}
      {state?.searches.length === 0 && <p class="empty">No searches now.</p>}
      {state !== undefined && shown !== undefined && (
        <>
          <SearchList state={state} shown={idOf(shown)} onPick={pick} />
          <SearchCard search={shown} steps={tracks.current.get(idOf(shown))?.steps ?? []} />
        </>
      )}
    </>
  )
}

function idOf({ key, family }: SearchJson): string {
  return `${family}${key}`
}

/** What was seen of each search since this view was opened. */
function useTracks(state: SearchesJson | undefined, tracks: Map<string, LookupTrack>): void {
  if (state === undefined) return
  for (const search of state.searches) {
    const id = idOf(search)
    let track = tracks.get(id)
    if (track === undefined) {
      track = new LookupTrack()
      tracks.set(id, track)
    }
    track.add(search)
  }
  const known = new Set(state.searches.map(idOf))
  for (const id of tracks.keys()) if (!known.has(id)) tracks.delete(id)
}

function StartForm({ onStarted }: { onStarted: (key: string) => void }) {
  const [text, setText] = useState('')
  const [result, setResult] = useState('')
  const stop = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => stop.current?.abort(), [])
  const start = async (event: Event) => {
    event.preventDefault()
    if (text.trim() === '') return setResult('Expected a key')
    stop.current?.abort()
    stop.current = new AbortController()
    const hash = hashOfKey(text.trim())
    onStarted(hash)
    setResult('Looking…')
    const startedAt = performance.now()
    try {
      const values = await getOnce(hash, stop.current.signal)
      const took = formatMs(performance.now() - startedAt)
      setResult(`Found ${formatNumberOf(values.length, 'value')} in ${took}`)
    } catch (error) {
      if (!stop.current.signal.aborted) setResult(`Failed: ${(error as Error).message}`)
    }
  }
  return (
    <form class="card row" onSubmit={start}>
      <TextField
        id="lookup-key"
        label="Key to look up: any text, or 40 hexadecimal digits"
        value={text}
        onChange={setText}
      />
      <button type="submit" class="primary">
        Look up
      </button>
      <output class="muted small">{result}</output>
    </form>
  )
}

interface SearchListProps {
  readonly state: SearchesJson
  readonly shown: string
  readonly onPick: (id: string) => void
}

function SearchList({ state: { searches: list, total }, shown, onPick }: SearchListProps) {
  return (
    <section class="card">
      <div class="card-head">
        <h2>Searches</h2>
        <span class="muted small">
          {list.length === total ? `${total}` : `the latest ${list.length} of ${total}`}
        </span>
      </div>
      <ScrollTable label="Searches of the node" size="short">
        {list.map((search) => (
          <tr key={idOf(search)} class={idOf(search) === shown ? 'picked' : ''}>
            <td>
              <button
                type="button"
                class="link mono"
                aria-pressed={idOf(search) === shown}
                onClick={() => onPick(idOf(search))}
              >
                {search.key.slice(0, 20)}…
              </button>
            </td>
            <td>IPv{search.family}</td>
            <td>{purposeOf(search)}</td>
            <td>
              <SearchState search={search} />
            </td>
            <td class="muted">{formatAgo(search.stepAgo)}</td>
          </tr>
        ))}
      </ScrollTable>
    </section>
  )
}

function purposeOf({ gets, puts, listens }: SearchJson): string {
  const parts = [
    gets > 0 ? `${gets} get` : '',
    puts > 0 ? `${puts} put` : '',
    listens > 0 ? `${listens} listen` : '',
  ]
  return parts.filter((it) => it !== '').join(', ') || 'kept'
}

function SearchState({ search: { isIdle, isSynced } }: { search: SearchJson }) {
  if (!isSynced && !isIdle) return <Badge tone="accent">running</Badge>
  return isSynced ? <Badge tone="good">closest known</Badge> : <Badge>idle</Badge>
}

function SearchCard({ search, steps }: { search: SearchJson; steps: readonly Step[] }) {
  return (
    <section class="card">
      <div class="card-head">
        <h2>
          <KeyLink id={search.key} />
        </h2>
        <span class="muted small">
          IPv{search.family}, {formatNumberOf(search.nodes.length, 'node')}
        </span>
      </div>
      <LookupPicture search={search} steps={steps} />
      <NodeTable search={search} />
    </section>
  )
}

function NodeTable({ search }: { search: SearchJson }) {
  return (
    <ScrollTable label="Nodes of the search, closest first" columns={NODE_COLUMNS}>
      {search.nodes.map((node) => (
        <tr key={node.id}>
          <td class="mono">{shortId(node.id)}</td>
          <td class="number">{node.commonBits}</td>
          <td class="mono">{node.address}</td>
          <td class="number">{node.roundTrip === null ? '–' : formatMs(node.roundTrip)}</td>
          <td>
            <NodeState node={node} />
          </td>
        </tr>
      ))}
    </ScrollTable>
  )
}

const NODE_COLUMNS = ['Node', '#Shared bits', 'Address', '#Round trip', 'State']

function NodeState({ node }: { node: SearchNodeJson }) {
  const { isExpired, isLate, pending, isListening, isAnnounced, isSynced } = node
  return (
    <span class="buttons">
      {isExpired && <Badge tone="bad">gone</Badge>}
      {!isExpired && isLate && <Badge tone="warn">late</Badge>}
      {pending > 0 && <Badge tone="accent">asked</Badge>}
      {isSynced && <Badge tone="good">answered</Badge>}
      {isListening && <Badge>listens for us</Badge>}
      {isAnnounced && <Badge>holds our value</Badge>}
    </span>
  )
}
