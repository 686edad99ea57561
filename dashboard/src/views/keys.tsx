// SPDX-License-Identifier: MIT
// Put, get and listen: the values under one key, as they come and go.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { formatCount, formatMs, formatTime } from '../data/format.ts'
import { contentOf, hashOfKey } from '../data/shown-value.ts'
import { summary, visible } from '../data/value-text.ts'
import { Badge, CopyButton, Head, TextField, type Tone } from '../parts/basics.tsx'
import { PutForm } from '../parts/put-form.tsx'
import { Registers } from '../parts/registers.tsx'
import { useShown } from '../parts/use-shown.ts'
import { ValueDetails } from '../parts/value-details.tsx'
import { type Picked, Values } from '../parts/values.tsx'
import { VirtualList } from '../parts/virtual-list.tsx'
import { go, route } from '../state/route.ts'
import { endOf, useStoredEnds } from '../state/stored-ends.ts'
import {
  type Change,
  type ChangeKind,
  getOnce,
  WatchedKey,
  type WatchState,
} from '../state/watched-key.ts'

const LEAD =
  'Any text names a place in the network. Open a key to see its values live and to put some.'

export function KeysView() {
  const key = route.value.rest
  return (
    <>
      <Head title="Keys" lead={LEAD} />
      <KeyForm opened={key} />
      {key !== '' && <OpenKey key={key} text={key} />}
    </>
  )
}

function KeyForm({ opened }: { opened: string }) {
  const [text, setText] = useState(opened)
  const [error, setError] = useState('')
  useEffect(() => setText(opened), [opened])
  const open = (event: Event) => {
    event.preventDefault()
    const wanted = text.trim()
    if (wanted === '') return setError('Expected a key: any text, or 40 hexadecimal digits')
    setError('')
    go('keys', wanted)
  }
  return (
    <form class="card row" onSubmit={open}>
      <TextField
        id="key"
        label="Key: any text, or 40 hexadecimal digits"
        value={text}
        onChange={setText}
      />
      <button type="submit" class="primary">
        Open
      </button>
      {error !== '' && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
    </form>
  )
}

function OpenKey({ text }: { text: string }) {
  const hash = useMemo(() => hashOfKey(text), [text])
  const watched = useMemo(() => new WatchedKey(hash), [hash])
  const [picked, pick] = useState<Picked | undefined>(undefined)
  const details = useShown<HTMLDivElement>(picked?.isByKeys === false ? picked : undefined)
  useEffect(() => {
    watched.start()
    return () => watched.close()
  }, [watched])
  const version = watched.version.value
  const ends = useStoredEnds(hash, version).value
  const rows = useMemo(() => [...watched.rows.values()].reverse(), [watched, version])
  const row = (picked && watched.rows.get(picked.id)) ?? rows[0]
  return (
    <>
      <section class="card key-head">
        <div class="card-head">
          <h2>
            <bdi>{visible(text)}</bdi>
          </h2>
          <WatchBadge state={watched.state.value} error={watched.error.value} />
        </div>
        <p class="small muted">
          <span class="mono">{hash}</span> <CopyButton text={hash} />
        </p>
        <GetOnce hash={hash} />
      </section>
      <div class="keys">
        <div class="stack">
          <Values
            rows={rows}
            ignored={watched.ignored}
            picked={row?.json.id}
            ends={ends}
            isKnown={watched.state.value === 'live'}
            onPick={pick}
          />
          <Registers rows={rows} />
          <Changes changes={watched.changes} version={version} />
        </div>
        <div class="stack">
          <PutForm hash={hash} />
          {row !== undefined && (
            <div ref={details}>
              <ValueDetails row={row} end={endOf(row.json, row.at, ends)} />
            </div>
          )}
        </div>
      </div>
    </>
  )
}

const WATCH: Readonly<Record<WatchState, readonly [Tone, string]>> = {
  connecting: ['plain', 'connecting'],
  loading: ['accent', 'loading'],
  live: ['good', 'listening'],
  lost: ['bad', 'lost: trying again'],
}

function WatchBadge({ state, error }: { state: WatchState; error: string }) {
  const [tone, text] = WATCH[state]
  return (
    <span role="status">
      <Badge tone={tone}>{text}</Badge> <span class="small error">{error}</span>
    </span>
  )
}

function GetOnce({ hash }: { hash: string }) {
  const [result, setResult] = useState('')
  const stop = useRef(new AbortController())
  useEffect(() => () => stop.current.abort(), [])
  const get = async () => {
    stop.current.abort()
    const mine = new AbortController()
    stop.current = mine
    setResult('Asking the network…')
    const startedAt = performance.now()
    try {
      const values = await getOnce(hash, mine.signal)
      const took = formatMs(performance.now() - startedAt)
      setResult(`The network has ${formatCount(values.length)} of them; asked in ${took}`)
    } catch (error) {
      if (!mine.signal.aborted) setResult(`Get failed: ${(error as Error).message}`)
    }
  }
  return (
    <div class="row">
      <button type="button" onClick={get}>
        Get once
      </button>
      <output class="muted small">{result}</output>
    </div>
  )
}

const CHANGES: Readonly<Record<ChangeKind, readonly [Tone, string]>> = {
  known: ['plain', 'known'],
  new: ['good', 'new'],
  changed: ['accent', 'changed'],
  expired: ['warn', 'expired'],
}

function Changes({ changes, version }: { changes: readonly Change[]; version: number }) {
  const latest = useMemo(() => changes.slice(-1000).reverse(), [changes, version])
  return (
    <section class="card">
      <div class="card-head">
        <h2>History</h2>
        <span class="muted small">since the key was opened</span>
      </div>
      {latest.length === 0 ? (
        <p class="empty">Nothing happened yet.</p>
      ) : (
        <VirtualList
          label="Changes, newest first"
          items={latest}
          keyOf={({ number }) => number}
          rowHeight={32}
        >
          {({ kind, json, at }) => (
            <>
              <span class="mono muted small">{formatTime(at)}</span>
              <Badge tone={CHANGES[kind][0]}>{CHANGES[kind][1]}</Badge>
              <bdi class="fill">{summary(contentOf(json)) || '(empty)'}</bdi>
              <span class="mono muted small">{json.id.slice(0, 8)}</span>
            </>
          )}
        </VirtualList>
      )}
    </section>
  )
}
