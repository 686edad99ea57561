// SPDX-License-Identifier: MIT
// One run of perftest or pingpong: games in networks of several sizes, with their times.

import { deadline } from '../deadline.ts'
import { type Demo, startDemo } from '../demo.ts'
import { formatDuration } from '../format/duration.ts'
import { toJson } from '../format/json.ts'
import { type Program, runProgram } from '../program.ts'
import { Progress } from '../progress.ts'
import type { Output } from '../screen.ts'
import type { ProgramStreams } from '../tool.ts'
import { playPingPong } from './ping-pong.ts'

export interface PerftestPlan {
  /** Round trips of each game. */
  readonly rounds: number
  /** Games at the same time, one run for each number and size. */
  readonly parallel: readonly number[]
  /** Nodes in the network. */
  readonly sizes: readonly number[]
  readonly json: boolean
}

const INCOMPLETE = 3
/** For all games of a run, per thousand round trips of one; never less than this. */
const TIMEOUT_MS = 60_000
const JOIN_MS = 20_000

/** Resolves to the exit status. */
export function runPerftest(plan: PerftestPlan, streams: ProgramStreams): Promise<number> {
  return runProgram(streams, (program) => runAll(plan, program))
}

async function runAll(plan: PerftestPlan, program: Program): Promise<number> {
  const { screen, stop } = program
  let grandMs = 0
  for (const parallel of plan.parallel) {
    let totalMs = 0
    for (const size of plan.sizes) {
      const { tookMs, isComplete } = await runOne(plan, { parallel, size }, program)
      if (!isComplete) {
        if (!stop.signal.aborted) screen.error('The games did not end in time')
        return INCOMPLETE
      }
      totalMs += tookMs
    }
    grandMs += totalMs
    if (!plan.json) screen.line(`Total for ${parallel} at a time: ${formatDuration(totalMs)}`)
  }
  if (plan.json) screen.line(toJson({ event: 'perftest.end', tookMs: grandMs }))
  else screen.line(`Grand total: ${formatDuration(grandMs)}`)
  return 0
}

interface Run {
  readonly parallel: number
  readonly size: number
}

interface Played {
  readonly roundTrips: number
  readonly tookMs: number
  /** Not interrupted, and in time. */
  readonly isComplete: boolean
}

async function runOne(plan: PerftestPlan, run: Run, program: Program): Promise<Played> {
  const { screen } = program
  const { parallel, size } = run
  if (!plan.json) screen.line(`Network size: ${size}`)
  const network = await startDemo(size)
  try {
    const played = await play(plan, parallel, network, program)
    if (played.roundTrips > 0) show(plan, run, played, screen)
    return played
  } finally {
    await network.close()
  }
}

/** Also what was played of an interrupted game: it took its time to measure. */
function show(plan: PerftestPlan, run: Run, played: Played, screen: Output): void {
  const { roundTrips, tookMs, isComplete } = played
  const perRoundMs = tookMs / roundTrips
  const perSecond = 1000 / perRoundMs
  if (plan.json) {
    screen.line(toJson({ event: 'perftest.run', ...run, ...played, perSecond }))
    return
  }
  const all = isComplete ? '' : ` of ${plan.rounds * run.parallel}`
  const rate = `${formatDuration(perRoundMs)} per rt, ${Math.round(perSecond)} ping per s`
  screen.line(`${roundTrips}${all} ping-pong done, took ${formatDuration(tookMs)}\n${rate}`)
}

async function play(
  { rounds }: PerftestPlan,
  parallel: number,
  { nodes }: Demo,
  { stop, streams }: Program,
): Promise<Played> {
  const joining = deadline(stop.signal, JOIN_MS)
  const timeoutMs = TIMEOUT_MS * Math.max(1, (rounds * parallel) / 1000)
  const playing = deadline(stop.signal, JOIN_MS + timeoutMs)
  const { signal } = playing
  const progress = new Progress(streams.stderr)
  let done = 0
  let startedAt = performance.now()
  const played = (isComplete: boolean): Played => {
    return { roundTrips: done, tookMs: performance.now() - startedAt, isComplete }
  }
  const onRound = (): void => progress.show(`${++done} of ${rounds * parallel} round trips`)
  const [ping, pong] = [nodes[0], nodes.at(-1)]
  if (ping === undefined || pong === undefined) throw new RangeError('A game takes two nodes')
  try {
    await Promise.all(nodes.map((node) => node.whenConnected({ signal: joining.signal })))
    startedAt = performance.now()
    const games = Array.from({ length: parallel }, (_, i) =>
      playPingPong({ ping, pong, name: `toto${i}`, rounds, signal, onRound }),
    )
    await Promise.all(games)
    return played(true)
  } catch (error) {
    if (joining.signal.aborted || signal.aborted) return played(false)
    throw error
  } finally {
    progress.hide()
    joining.clear()
    playing.clear()
  }
}
