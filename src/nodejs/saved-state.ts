// SPDX-License-Identifier: MIT
// What becomes of a state file during the life of a node: read at the start, checked, and written
// every few minutes and at the end.

import { WireError } from '../core/errors.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { Log } from '../core/ports.ts'
import { unpackState } from '../core/storage/state.ts'
import { type SavedPorts, StateFile } from './state-file.ts'

export class SavedState {
  /** Id of the node that wrote the state; undefined without a state. */
  readonly id: InfoHash | undefined
  readonly ports: SavedPorts
  /** Contents for the engine; undefined without a state. */
  readonly bytes: Uint8Array | undefined
  readonly #file: StateFile
  readonly #log: Log | undefined
  #timer: NodeJS.Timeout | undefined
  #lastProblem: string | undefined

  private constructor(file: StateFile, found: FoundState, log: Log | undefined) {
    this.#file = file
    this.id = found.id
    this.ports = found.ports
    this.bytes = found.bytes
    this.#log = log
  }

  /**
   * Reads the state at `path` and its ports. What makes no sense is renamed and a warning logged,
   * and the node starts without it. Rejects with ERR_DHT_STATE when the file cannot be read.
   */
  static async load(path: string, log: Log | undefined): Promise<SavedState> {
    const file = new StateFile(path)
    const ports = await readPorts(file, log)
    const bytes = await file.read()
    if (bytes === undefined) return new SavedState(file, { ports }, log)
    const id = idOf(bytes)
    if (id !== undefined) return new SavedState(file, { ports, bytes, id }, log)
    const asidePath = await file.setAside()
    warn(log, `State file "${path}" is corrupt: kept as "${asidePath}", starting afresh`)
    return new SavedState(file, { ports }, log)
  }

  /** Notes the ports in use. Also shows at the start whether the place can be written. */
  writePorts(ports: SavedPorts): Promise<void> {
    return this.#file.writePorts(ports)
  }

  /** Saves every `intervalMs` what `exportState` returns. Failures are logged and tried again. */
  start(exportState: () => Uint8Array, intervalMs: number): void {
    this.#timer = setInterval(() => void this.#saveNow(exportState), intervalMs)
    this.#timer.unref()
  }

  /** Ends the periodic saving. */
  stop(): void {
    clearInterval(this.#timer)
  }

  /** Saves once more, after what is being written. Rejects with ERR_DHT_STATE. */
  finish(bytes: Uint8Array): Promise<void> {
    return this.#file.write(bytes)
  }

  async #saveNow(exportState: () => Uint8Array): Promise<void> {
    let problem: string | undefined
    try {
      await this.#file.write(exportState())
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
    if (problem !== undefined && problem !== this.#lastProblem) warn(this.#log, problem)
    this.#lastProblem = problem
  }
}

interface FoundState {
  ports: SavedPorts
  id?: InfoHash
  bytes?: Uint8Array
}

async function readPorts(file: StateFile, log: Log | undefined): Promise<SavedPorts> {
  const ports = await file.readPorts()
  if (ports !== undefined) return ports
  const asidePath = await file.setPortsAside()
  warn(log, `Port file "${file.portPath}" is corrupt: kept as "${asidePath}", taking other ports`)
  return { port4: undefined, port6: undefined }
}

function warn(log: Log | undefined, text: string): void {
  if (log?.enabled('warning')) log.write('warning', text)
}

/** Undefined when the bytes are no state of a node. */
function idOf(bytes: Uint8Array): InfoHash | undefined {
  try {
    const { id } = unpackState(bytes)
    return id === undefined || id.isZero ? undefined : id
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
