// SPDX-License-Identifier: MIT
// Plays a trace of the simulator.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { formatBytes, formatCount } from '../data/format.ts'
import { type ReadProgress, readTrace } from '../data/read-trace.ts'
import type { TraceEvent, TraceModel } from '../data/trace-model.ts'
import { visible } from '../data/value-text.ts'
import { Badge, Choice, Head } from '../parts/basics.tsx'
import { TraceCanvas } from '../parts/trace-canvas.tsx'
import { VirtualList } from '../parts/virtual-list.tsx'

const LEAD = 'Plays what happened in a simulated network, from a trace file of the simulator.'

type Loaded =
  | { readonly state: 'none' }
  | { readonly state: 'reading'; readonly progress: ReadProgress | undefined }
  | { readonly state: 'failed'; readonly error: string }
  | { readonly state: 'ready'; readonly model: TraceModel; readonly name: string }

export function ReplayView() {
  const [loaded, setLoaded] = useState<Loaded>({ state: 'none' })
  const reading = useRef(new AbortController())
  useEffect(() => () => reading.current.abort(), [])
  const load = async (file: File) => {
    reading.current.abort()
    const mine = new AbortController()
    reading.current = mine
    setLoaded({ state: 'reading', progress: undefined })
    try {
      const onProgress = (progress: ReadProgress) => setLoaded({ state: 'reading', progress })
      const model = await readTrace(file, onProgress, mine.signal)
      setLoaded({ state: 'ready', model, name: file.name })
    } catch (error) {
      if (!mine.signal.aborted) setLoaded({ state: 'failed', error: (error as Error).message })
    }
  }
  return (
    <>
      <Head title="Replay" lead={LEAD} />
      {loaded.state !== 'ready' && <DropZone onFile={load} loaded={loaded} />}
      {loaded.state === 'ready' && (
        <Player
          model={loaded.model}
          name={loaded.name}
          onClose={() => setLoaded({ state: 'none' })}
        />
      )}
    </>
  )
}

function DropZone({ onFile, loaded }: { onFile: (file: File) => void; loaded: Loaded }) {
  const [isOver, setOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const file = event.dataTransfer?.files[0]
    if (file !== undefined) onFile(file)
  }
  return (
    <section class="card">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the field does the same */}
      <div
        class={isOver ? 'drop over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <label for="trace">
          <b>Choose a trace file, or drop it here</b>
        </label>
        <input
          id="trace"
          type="file"
          accept=".jsonl,.json,.ndjson,.txt"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0]
            if (file !== undefined) onFile(file)
          }}
        />
        <p class="muted small">
          <code>npm run sim -- churn --trace trace.jsonl</code> writes one.
        </p>
        <output class={loaded.state === 'failed' ? 'error' : 'muted'}>
          {loaded.state === 'failed' && loaded.error}
          {loaded.state === 'reading' && progressText(loaded.progress)}
        </output>
      </div>
    </section>
  )
}

function progressText(progress: ReadProgress | undefined): string {
  if (progress === undefined) return 'Reading…'
  return `Read ${formatBytes(progress.bytes)} of ${formatBytes(progress.ofBytes)}`
}

const SPEEDS = ['0.1', '0.5', '1', '5', '20'] as const
type Speed = (typeof SPEEDS)[number]

interface PlayerProps {
  readonly model: TraceModel
  readonly name: string
  readonly onClose: () => void
}

function Player({ model, name, onClose }: PlayerProps) {
  const [at, setAt] = useState(0)
  const [isPlaying, setPlaying] = useState(false)
  const [speed, setSpeed] = useState<Speed>('1')
  usePlayback(isPlaying, Number(speed), model.endMs, setAt, setPlaying)
  const up = model.nodes.filter((node) => node !== undefined && model.isUp(node, at)).length
  const faults = model.faultsAt(at)
  return (
    <>
      <section class="card form">
        <div class="card-head">
          <h2>
            <bdi>{visible(name)}</bdi>
          </h2>
          <button type="button" onClick={onClose}>
            Another file
          </button>
        </div>
        <div class="row">
          <button
            type="button"
            class="primary"
            onClick={() => {
              if (!isPlaying && at >= model.endMs) setAt(0)
              setPlaying(!isPlaying)
            }}
          >
            {isPlaying ? 'Pause' : 'Play'}
          </button>
          <Choice
            label="Speed"
            chosen={speed}
            onChoose={setSpeed}
            options={SPEEDS.map((value) => ({ value, text: `${value}×` }))}
          />
          <span class="mono">
            {(at / 1000).toFixed(2)} s of {(model.endMs / 1000).toFixed(1)} s
          </span>
        </div>
        <input
          class="time-slider"
          type="range"
          aria-label="Time"
          aria-valuetext={`${(at / 1000).toFixed(2)} seconds`}
          min={0}
          max={model.endMs}
          step={Math.max(1, Math.round(model.endMs / 2000))}
          value={at}
          onInput={(event) => setAt(Number(event.currentTarget.value))}
        />
        {model.isCut && <p class="error">The file holds more than can be shown.</p>}
      </section>
      <div class="replay-stage">
        <section class="card">
          <TraceCanvas model={model} at={at} />
          <p class="legend">
            <span>
              <b>{formatCount(up)}</b> of {formatCount(model.nodes.length)} nodes up
            </span>
            <span>blue: requests, orange: values, grey: replies, red: lost</span>
          </p>
        </section>
        <section class="card form">
          <h2>Events</h2>
          {faults.map(({ from, text }) => (
            <Badge key={`${from}${text}`} tone="bad">
              {visible(text)}
            </Badge>
          ))}
          <Events model={model} at={at} onJump={setAt} />
        </section>
      </div>
    </>
  )
}

/** Moves the time on with every frame. */
function usePlayback(
  isPlaying: boolean,
  speed: number,
  endMs: number,
  setAt: (move: (at: number) => number) => void,
  setPlaying: (isPlaying: boolean) => void,
): void {
  useEffect(() => {
    if (!isPlaying) return
    let last = performance.now()
    let frame = 0
    const step = (now: number): void => {
      const passed = (now - last) * speed
      last = now
      setAt((at) => {
        if (at + passed >= endMs) setPlaying(false)
        return Math.min(endMs, at + passed)
      })
      frame = requestAnimationFrame(step)
    }
    frame = requestAnimationFrame(step)
    return () => cancelAnimationFrame(frame)
  }, [isPlaying, speed, endMs, setAt, setPlaying])
}

interface EventsProps {
  readonly model: TraceModel
  readonly at: number
  readonly onJump: (at: number) => void
}

function Events({ model, at, onJump }: EventsProps) {
  const until = model.eventsUntil(at)
  const events = useMemo(() => model.events.slice(Math.max(0, until - 500), until), [model, until])
  return (
    <>
      <VirtualList<TraceEvent & { number: number }>
        label="Events until this moment"
        items={events.map((event, i) => ({ ...event, number: i }))}
        keyOf={({ number }) => number}
        rowHeight={30}
        isFollowing
      >
        {({ at: time, text, tone }) => (
          <>
            <button type="button" class="link mono small" onClick={() => onJump(time)}>
              {(time / 1000).toFixed(2)}
            </button>
            <span class={`fill small event ${tone}`}>{visible(text)}</span>
          </>
        )}
      </VirtualList>
      <p class="muted small">
        {formatCount(until)} of {formatCount(model.events.length)} events,{' '}
        {formatCount(model.flights.length)} datagrams
      </p>
    </>
  )
}
