// SPDX-License-Identifier: MIT
// How a simulation fails: always with the seed, the virtual time, and what to type to see it again.

export interface SimErrorPlace {
  readonly seed: number
  /** Virtual time in milliseconds. */
  readonly nowMs: number
  /** Command that runs the same simulation; the seed goes before it. Default see `ownCommand`. */
  readonly command: string | undefined
}

interface Host {
  readonly process?: {
    readonly argv?: readonly string[]
    readonly env?: Readonly<Record<string, string | undefined>>
    cwd?(): string
  }
}

export class SimError extends Error {
  readonly seed: number
  readonly nowMs: number
  /** What was wrong, without seed and command. */
  readonly text: string

  constructor(text: string, place: SimErrorPlace, options?: { cause?: unknown }) {
    const { seed, nowMs, command = ownCommand() } = place
    const at = `seed ${seed}, ${(nowMs / 1000).toFixed(3)} s of virtual time`
    const variable = `OPENDHT_SIM_SEED=${seed}`
    const replay = command === undefined ? `the same with ${variable}` : `${variable} ${command}`
    super(`${text}\n  ${at}; replay: ${replay}`, options)
    this.name = 'SimError'
    this.text = text
    this.seed = seed
    this.nowMs = nowMs
  }
}

/** Anything thrown during a simulation, as a SimError that keeps it as its cause. */
export function toSimError(error: unknown, place: SimErrorPlace): SimError {
  if (error instanceof SimError) return error
  const text = error instanceof Error ? error.message : String(error)
  return new SimError(text, place, { cause: error })
}

/** The seed that the environment asks for, or else a random one. */
export function defaultSeed(): number {
  const text = (globalThis as Host).process?.env?.['OPENDHT_SIM_SEED']
  if (text === undefined || text === '') return Math.floor(Math.random() * 2 ** 32)
  return checkSeed(Number(text))
}

export function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed
  throw new RangeError(`seed must be a whole number of 0 to 2^53-1: got ${seed}`)
}

/**
 * What started this program, for a shell: Node.js with a script, as test files are. Undefined for
 * other hosts, and below a test runner of a package, which starts files in its own way.
 */
export function ownCommand(host = globalThis as Host): string | undefined {
  const { argv = [], cwd } = host.process ?? {}
  const [program = '', script, ...rest] = argv
  if (script === undefined || !/[/\\]node(\.exe)?$/.test(program)) return undefined
  if (/[/\\]node_modules[/\\]/.test(script)) return undefined
  const folder = `${cwd?.() ?? ''}/`
  const path = script.startsWith(folder) ? script.slice(folder.length) : script
  return ['node', path, ...rest].map(quoted).join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
