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
  /** By a corrupt file that could not be moved away, and is not overwritten. */
  readonly #isOccupied: boolean
  #timer: NodeJS.Timeout | undefined
  #lastProblem: string | undefined

  private constructor(file: StateFile, found: FoundState, log: Log | undefined) {
    this.#file = file
    this.id = found.id
    this.ports = found.ports
    this.bytes = found.bytes
    this.#isOccupied = found.isOccupied === true
    this.#log = log
  }

  /**
   * Reads the state at `path` and its ports. What makes no sense, or lies where the disk is
   * damaged, is renamed and a warning logged, and the node starts without it. Rejects with
   * ERR_DHT_STATE when the file cannot be read for another reason.
   */
  static async load(path: string, log: Log | undefined): Promise<SavedState> {
    const file = new StateFile(path)
    const ports = await readPorts(file, log)
    const bytes = await file.read().catch(emptyIfDamaged)
    if (bytes === undefined) return new SavedState(file, { ports }, log)
    const id = idOf(bytes)
    if (id !== undefined) return new SavedState(file, { ports, bytes, id }, log)
    const what = `State file "${path}" is corrupt`
    const isMoved = await setAside(() => file.setAside(), what, log)
    return new SavedState(file, { ports, isOccupied: !isMoved }, log)
  }

  /**
   * Notes the ports in use. Also shows at the start whether the place can be written: rejects with
   * ERR_DHT_STATE when not, unless there is a state, so that it could be once; then a warning is
   * logged, and the node works without saving for now.
   */
  async writePorts(ports: SavedPorts): Promise<void> {
    try {
      await this.#file.writePorts(ports)
    } catch (error) {
      if (this.id === undefined && !this.#isOccupied) throw error
      warn(this.#log, messageOf(error))
    }
  }

  /** Saves every `intervalMs` what `exportState` returns. Failures are logged and tried again. */
  start(exportState: () => Uint8Array, intervalMs: number): void {
    if (this.#isOccupied) return
    this.#timer = setInterval(() => void this.#saveNow(exportState), intervalMs)
    this.#timer.unref()
  }

  /** Ends the periodic saving. */
  stop(): void {
    clearInterval(this.#timer)
  }

  /** Saves once more, after what is being written. Rejects with ERR_DHT_STATE. */
  async finish(bytes: Uint8Array): Promise<void> {
    if (!this.#isOccupied) await this.#file.write(bytes)
  }

  async #saveNow(exportState: () => Uint8Array): Promise<void> {
    let problem: string | undefined
    try {
      await this.#file.write(exportState())
    } catch (error) {
      problem = messageOf(error)
    }
    if (problem !== undefined && problem !== this.#lastProblem) warn(this.#log, problem)
    this.#lastProblem = problem
  }
}

interface FoundState {
  ports: SavedPorts
  id?: InfoHash
  bytes?: Uint8Array
  isOccupied?: boolean
}

async function readPorts(file: StateFile, log: Log | undefined): Promise<SavedPorts> {
  const ports = await file.readPorts().catch(emptyIfDamaged)
  if (ports !== undefined && !(ports instanceof Uint8Array)) return ports
  await setAside(() => file.setPortsAside(), `Port file "${file.portPath}" is corrupt`, log)
  return { port4: undefined, port6: undefined }
}

/** Whether that could be done; it is logged either way. */
async function setAside(
  rename: () => Promise<string>,
  what: string,
  log: Log | undefined,
): Promise<boolean> {
  try {
    warn(log, `${what}: kept as "${await rename()}", starting without it`)
    return true
  } catch (error) {
    warn(log, `${what}: starting without it. ${messageOf(error)}`)
    return false
  }
}

/** What is not there to be read is as good as nothing. Throws other errors again. */
function emptyIfDamaged(error: unknown): Uint8Array {
  const { cause } = error as { cause?: NodeJS.ErrnoException }
  if (cause?.code === 'EIO') return new Uint8Array()
  throw error
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
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
