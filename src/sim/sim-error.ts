// SPDX-License-Identifier: MIT
// How a simulation fails: always with the seed, the virtual time, and what to type to see it again.

export interface SimErrorPlace {
  readonly seed: number
  /** Virtual time in milliseconds. */
  readonly nowMs: number
  /** Command that runs the same simulation; the seed goes before it. */
  readonly command: string
}

export class SimError extends Error {
  readonly seed: number
  readonly nowMs: number
  /** What was wrong, without seed and command. */
  readonly text: string

  constructor(text: string, place: SimErrorPlace, options?: { cause?: unknown }) {
    const { seed, nowMs, command } = place
    const at = `seed ${seed}, ${(nowMs / 1000).toFixed(3)} s of virtual time`
    super(`${text}\n  ${at}; replay: OPENDHT_SIM_SEED=${seed} ${command}`, options)
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
  const host = globalThis as { process?: { env?: Record<string, string | undefined> } }
  const text = host.process?.env?.['OPENDHT_SIM_SEED']
  if (text === undefined || text === '') return Math.floor(Math.random() * 2 ** 32)
  return checkSeed(Number(text))
}

export function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed
  throw new RangeError(`seed must be a whole number of 0 to 2^53-1: got ${seed}`)
}
