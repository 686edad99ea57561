// SPDX-License-Identifier: MIT
// Commands of indexes: insert and look up. The first command of a session that names an index
// decides the lengths of its fields: those of the values given there.

import { utf8 } from '../../core/util/bytes.ts'
import type { IndexValue } from '../../pht/index-entry.ts'
import { Pht } from '../../pht/pht.ts'
import { startStopwatch } from '../format/duration.ts'
import type { Session } from '../session.ts'
import { type Command, takeHash, type Words } from './command.ts'
import { explainFailure } from './failure.ts'

const INSERT_USAGE = 'ii NAME FIELD:VALUE[,FIELD:VALUE...] HASH'
const LOOKUP_USAGE = 'il NAME FIELD:VALUE[,FIELD:VALUE...] [false]'

const insertCommand: Command = {
  names: ['ii', 'index-insert'],
  usage: 'NAME FIELDS HASH',
  help: 'index a hash, e.g. ii people name:ann,year:88 <hash>',
  run(session, words) {
    const index = takeIndex(session, words, INSERT_USAGE)
    const hash = takeHash(words)
    if (hash === undefined) {
      throw new SyntaxError(`Syntax error: invalid InfoHash. Syntax: ${INSERT_USAGE}`)
    }
    session.track(index.use((pht) => insert(session, pht, index.key, { hash, id: 0n })))
  },
}

const lookupCommand: Command = {
  names: ['il', 'index-lookup'],
  usage: 'NAME FIELDS [false]',
  help: 'find it again; with false, by the closest key',
  run(session, words) {
    const index = takeIndex(session, words, LOOKUP_USAGE)
    const exact = words.take() !== 'false'
    session.track(index.use((pht) => lookup(session, pht, index.key, exact)))
  },
}

export const INDEXING_COMMANDS: readonly Command[] = [insertCommand, lookupCommand]

type TextKey = Readonly<Record<string, string>>

/** An index of a session: one command after the other, so that a lookup finds what was inserted. */
class SessionIndex {
  readonly #pht: Pht
  #turn: Promise<void> = Promise.resolve()

  constructor(pht: Pht) {
    this.#pht = pht
  }

  use(action: (pht: Pht) => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(() => action(this.#pht))
    return this.#turn
  }
}

const indexes = new WeakMap<Session, Map<string, SessionIndex>>()

interface TakenIndex {
  readonly key: TextKey
  use(action: (pht: Pht) => Promise<void>): Promise<void>
}

/** The index in the next word, and the key in the one after it. */
function takeIndex(session: Session, words: Words, usage: string): TakenIndex {
  const name = words.take()
  if (name === '') throw new SyntaxError(`Syntax error: no index. Syntax: ${usage}`)
  const key = readKey(words.take(), usage)
  const known = indexes.get(session) ?? new Map<string, SessionIndex>()
  indexes.set(session, known)
  const index = known.get(name) ?? new SessionIndex(new Pht(session.node, name, lengthsOf(key)))
  known.set(name, index)
  return { key, use: (action) => index.use(action) }
}

function readKey(text: string, usage: string): TextKey {
  const pairs = text.split(',').map((part): [string, string] => {
    const [, field, value] = /^([^:]+):(.*)$/.exec(part) ?? []
    if (field === undefined || value === undefined) {
      throw new SyntaxError(`Syntax error: invalid key: ${text || '(none)'}. Syntax: ${usage}`)
    }
    return [field, value]
  })
  const key = Object.fromEntries(pairs)
  if (Object.keys(key).length === pairs.length) return key
  throw new SyntaxError(`Syntax error: a field is given twice: ${text}. Syntax: ${usage}`)
}

function lengthsOf(key: TextKey): Record<string, number> {
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [name, utf8(value).length]))
}

async function insert(
  session: Session,
  pht: Pht,
  key: TextKey,
  { hash, id }: IndexValue,
): Promise<void> {
  const elapsed = startStopwatch()
  const end = (text: string, ok: boolean, error?: string): void =>
    session.report(text, {
      event: 'index.insert.end',
      index: pht.name,
      key,
      hash,
      ok,
      tookMs: elapsed.ms(),
      error,
    })
  try {
    await pht.insert(key, { hash, id })
    end('Pht::insert: done.', true)
  } catch (error) {
    const reason = explain(session, error)
    end(`Pht::insert: failed: ${reason}`, false, reason)
  }
}

async function lookup(session: Session, pht: Pht, key: TextKey, exact: boolean): Promise<void> {
  const elapsed = startStopwatch()
  const end = (text: string, values: readonly IndexValue[], error?: string): void =>
    session.report(text, {
      event: 'index.lookup.end',
      index: pht.name,
      key,
      ok: error === undefined,
      values,
      tookMs: elapsed.ms(),
      error,
    })
  try {
    const values = await pht.lookup(key, { exact })
    end(`${describe(values)}Pht::lookup: done. took ${elapsed()}`, values)
  } catch (error) {
    const reason = explain(session, error)
    end(`Pht::lookup: failed. took ${elapsed()}: ${reason}`, [], reason)
  }
}

/** As C++ nodes print it, without the leaf. */
function describe(values: readonly IndexValue[]): string {
  if (values.length === 0) return ''
  const lines = values.map(({ hash, id }) => `      ${hash}[vid: ${id}]\n`)
  return `Pht::lookup: found entries!\n   entries:\n${lines.join('')}`
}

function explain(session: Session, error: unknown): string {
  session.noteFailure()
  const reason = explainFailure(error)
  const isMistake = error instanceof TypeError || error instanceof RangeError
  return isMistake ? `${reason}. The first command with an index decides its fields` : reason
}
