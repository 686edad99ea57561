// SPDX-License-Identifier: MIT
// Reads a trace file in small steps, so that the page stays usable meanwhile.

import type { TraceRecord } from '../../../src/sim/trace.ts'
import { chunksOf } from './chunks-of.ts'
import { TraceModel } from './trace-model.ts'

/** How long the page may be kept from drawing. */
const STEP_MS = 30

export interface ReadProgress {
  readonly bytes: number
  readonly ofBytes: number
}

/** Rejects with Error that names the line of what is no trace. */
export async function readTrace(
  file: Blob,
  onProgress: (progress: ReadProgress) => void,
  signal: AbortSignal,
): Promise<TraceModel> {
  const model = new TraceModel()
  const decoder = new TextDecoder()
  let rest = ''
  let line = 0
  let bytes = 0
  let stepEnd = performance.now() + STEP_MS
  const take = (text: string): void => {
    line++
    if (text.trim() === '') return
    try {
      model.add(JSON.parse(text) as TraceRecord)
    } catch (error) {
      throw new Error(`Line ${line} is no record of a trace: ${(error as Error).message}`)
    }
  }
  for await (const part of chunksOf(file.stream())) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n')
    rest = lines.pop()!
    if (rest.length > MAX_LINE) throw new Error('Not a trace: a line is too long')
    for (const text of lines) {
      take(text)
      if (performance.now() < stepEnd) continue
      onProgress({ bytes, ofBytes: file.size })
      await new Promise((resolve) => setTimeout(resolve))
      signal.throwIfAborted()
      stepEnd = performance.now() + STEP_MS
    }
    bytes += part.length
  }
  if (rest !== '') take(rest)
  if (model.nodes.length === 0) throw new Error('Not a trace: it has no nodes')
  return model
}

const MAX_LINE = 1_000_000
