// SPDX-License-Identifier: MIT
// What a command of the REPL is: it gets the session and the words after its name, starts its work
// and returns at once; what the network answers is printed when it comes.

import { InfoHash } from '../../core/id/info-hash.ts'
import type { Session } from '../session.ts'

export interface Command {
  /** What the user may type; the first one is shown in the help. */
  readonly names: readonly string[]
  /** Arguments as the help shows them, e.g. `KEY [WHERE ...]`. */
  readonly usage?: string
  /** One line for the help. */
  readonly help: string
  /** Throws SyntaxError, with one line for the user, when the arguments are wrong. */
  run(session: Session, words: Words): void
}

/** The rest of a command line, taken word by word. */
export class Words {
  #rest: string

  constructor(line: string) {
    this.#rest = line.trim()
  }

  get isEmpty(): boolean {
    return this.#rest === ''
  }

  /** The next word; '' when there is none. */
  take(): string {
    const end = this.#rest.search(/\s/)
    const word = end < 0 ? this.#rest : this.#rest.slice(0, end)
    this.#rest = end < 0 ? '' : this.#rest.slice(end).trimStart()
    return word
  }

  /** All that is left, with the spaces inside. */
  takeRest(): string {
    const rest = this.#rest
    this.#rest = ''
    return rest
  }
}

/** The key in the next word: 40 hex digits as they are, anything else is hashed, which is said. */
export function takeKey(session: Session, words: Words, usage: string): InfoHash {
  const word = words.take()
  if (word === '') throw new SyntaxError(`Syntax error: no key. Syntax: ${usage}`)
  session.rememberKey(word)
  const hash = InfoHash.fromHex(word)
  if (hash !== undefined && !hash.isZero) return hash
  const key = InfoHash.get(word)
  session.note(`Using h(${word}) = ${key}`)
  return key
}

/** The hash in the next word, undefined when there is no word. Throws when it is something else. */
export function takeHash(words: Words): InfoHash | undefined {
  const word = words.take()
  if (word === '') return undefined
  const hash = InfoHash.fromHex(word)
  if (hash !== undefined) return hash
  throw new SyntaxError(`Syntax error: invalid InfoHash: ${word} (40 hexadecimal digits)`)
}
