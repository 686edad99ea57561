// SPDX-License-Identifier: MIT
// One run of perftest or pingpong: games in networks of several sizes, with their times.

import { deadline } from '../deadline.ts'
import { type Demo, startDemo } from '../demo.ts'
import { formatDuration } from '../format/duration.ts'
import { toJson } from '../format/json.ts'
import { type Program, runProgram } from '../program.ts'
import { Progress } from '../progress.ts'
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
      const tookMs = await runOne(plan, { parallel, size }, program)
      if (tookMs === undefined) {
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

/** Time that the games took; undefined when they did not end. */
async function runOne(plan: PerftestPlan, run: Run, program: Program): Promise<number | undefined> {
  const { screen, stop } = program
  const { parallel, size } = run
  if (!plan.json) screen.line(`Network size: ${size}`)
  const network = await startDemo(size)
  try {
    const tookMs = await play(plan, parallel, network, program)
    if (tookMs === undefined || stop.signal.aborted) return undefined
    const done = plan.rounds * parallel
    const perRoundMs = tookMs / done
    const perSecond = 1000 / perRoundMs
    if (plan.json) {
      screen.line(toJson({ event: 'perftest.run', ...run, roundTrips: done, tookMs, perSecond }))
    } else {
      const rate = `${formatDuration(perRoundMs)} per rt, ${Math.round(perSecond)} ping per s`
      screen.line(`${done} ping-pong done, took ${formatDuration(tookMs)}\n${rate}`)
    }
    return tookMs
  } finally {
    await network.close()
  }
}

async function play(
  { rounds }: PerftestPlan,
  parallel: number,
  { nodes }: Demo,
  { stop, streams }: Program,
): Promise<number | undefined> {
  const joining = deadline(stop.signal, JOIN_MS)
  const timeoutMs = TIMEOUT_MS * Math.max(1, (rounds * parallel) / 1000)
  const playing = deadline(stop.signal, JOIN_MS + timeoutMs)
  const { signal } = playing
  const progress = new Progress(streams.stderr)
  let done = 0
  const onRound = (): void => progress.show(`${++done} of ${rounds * parallel} round trips`)
  const [ping, pong] = [nodes[0], nodes.at(-1)]
  if (ping === undefined || pong === undefined) throw new RangeError('A game takes two nodes')
  try {
    await Promise.all(nodes.map((node) => node.whenConnected({ signal: joining.signal })))
    const startedAt = performance.now()
    const games = Array.from({ length: parallel }, (_, i) =>
      playPingPong({ ping, pong, name: `toto${i}`, rounds, signal, onRound }),
    )
    await Promise.all(games)
    return performance.now() - startedAt
  } catch (error) {
    if (joining.signal.aborted || signal.aborted) return undefined
    throw error
  } finally {
    progress.hide()
    joining.clear()
    playing.clear()
  }
}
