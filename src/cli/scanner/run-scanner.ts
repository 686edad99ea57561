// SPDX-License-Identifier: MIT
// One run of dhtscanner: joins the network, scans it, prints what was found.

import type { DhtRunner } from '../../nodejs/dht-runner.ts'
import { deadline } from '../deadline.ts'
import { formatDuration } from '../format/duration.ts'
import { toJson } from '../format/json.ts'
import { type NodeProgram, withNode } from '../node-program.ts'
import type { NodeOptions } from '../options.ts'
import { runProgram } from '../program.ts'
import { Progress } from '../progress.ts'
import type { Output } from '../screen.ts'
import type { ProgramStreams } from '../tool.ts'
import { Scan, type ScanResult } from './scan.ts'

const INCOMPLETE = 3
/** Until somebody answers. */
const JOIN_MS = 20_000

/** Resolves to the exit status. */
export function runScanner(options: NodeOptions, streams: ProgramStreams): Promise<number> {
  return runProgram(streams, (program) =>
    withNode('dhtscanner', options, program, (node) => scan(options, node)),
  )
}

async function scan(options: NodeOptions, program: NodeProgram): Promise<number> {
  const { started, screen, stop, streams } = program
  const { runner } = started
  const { json, network = 0 } = options
  if (!json) {
    screen.line(`Scanning network ${network} on port ${runner.port4 ?? runner.port6}`)
  }
  if (!(await hasJoined(runner, stop.signal))) {
    if (!stop.signal.aborted) screen.error(`Nobody answered at ${options.bootstrap.join(', ')}`)
    return INCOMPLETE
  }
  const startedAt = performance.now()
  const progress = new Progress(streams.stderr)
  const result = await new Scan(runner, stop.signal).run((state) => {
    const { nodes, lookupsDone, lookupsLeft } = state
    progress.show(`${nodes} nodes found, ${lookupsDone} lookups, ${lookupsLeft} to go`)
  })
  progress.hide()
  const tookMs = performance.now() - startedAt
  if (json) printJson(result, tookMs, screen)
  else print(result, tookMs, screen)
  return result.isComplete ? 0 : INCOMPLETE
}

async function hasJoined(runner: DhtRunner, stop: AbortSignal): Promise<boolean> {
  const joining = deadline(stop, JOIN_MS)
  try {
    await runner.whenConnected({ signal: joining.signal })
    return true
  } catch {
    return false // by then it is clear that nobody does, or that the user left
  } finally {
    joining.clear()
  }
}

function print({ nodes, silent, lookups, isComplete }: ScanResult, ms: number, out: Output): void {
  const lines = nodes.map(({ id, addresses }) => `Node ${id}: ${addresses.join(' ')}`)
  out.line([`Scan ended: ${nodes.length} nodes found.`, ...lines].join('\n'))
  const more = silent === 0 ? '' : `; ${silent} more are known to others, but silent`
  out.error(`${lookups} lookups in ${formatDuration(ms)}${more}`)
  if (!isComplete) out.error('The scan is incomplete: some lookups were not made, or failed')
}

function printJson(result: ScanResult, tookMs: number, out: Output): void {
  const { nodes, ...summary } = result
  for (const { id, addresses } of nodes) out.line(toJson({ event: 'node', id, addresses }))
  out.line(toJson({ event: 'scan.end', nodes: nodes.length, ...summary, tookMs }))
}
