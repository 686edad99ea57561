// SPDX-License-Identifier: MIT
// Commands of indexes: insert and look up. The lengths of the fields are those of the values given;
// the first insert of a session that succeeds, or lookup that finds something, settles them.

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
    const { index, key } = takeIndex(session, words, INSERT_USAGE)
    const hash = takeHash(words)
    if (hash === undefined) {
      throw new SyntaxError(`Syntax error: no hash to index. Syntax: ${INSERT_USAGE}`)
    }
    session.track(index.use(key, (pht) => insert(session, pht, key, { hash, id: 0n })))
  },
}

const lookupCommand: Command = {
  names: ['il', 'index-lookup'],
  usage: 'NAME FIELDS [false]',
  help: 'find it again; with false, by the closest key',
  run(session, words) {
    const { index, key } = takeIndex(session, words, LOOKUP_USAGE)
    const mode = words.take()
    if (!['', 'true', 'false'].includes(mode)) {
      throw new SyntaxError(`Syntax error: unexpected "${mode}". Syntax: ${LOOKUP_USAGE}`)
    }
    session.track(index.use(key, (pht) => lookup(session, pht, key, mode !== 'false')))
  },
}

export const INDEXING_COMMANDS: readonly Command[] = [insertCommand, lookupCommand]

type TextKey = Readonly<Record<string, string>>

/**
 * An index of a session: one command after the other, so that a lookup finds what was inserted. Its
 * fields are those of the first key that proved to fit: that was inserted, or found.
 */
class SessionIndex {
  readonly #session: Session
  readonly #name: string
  #pht: Pht | undefined
  #turn: Promise<void> = Promise.resolve()

  constructor(session: Session, name: string) {
    this.#session = session
    this.#name = name
  }

  /**
   * `action` resolves to whether the fields of the key are those of the index. Throws TypeError or
   * RangeError for fields that no index can have.
   */
  use(key: TextKey, action: (pht: Pht) => Promise<boolean>): Promise<void> {
    const fresh = this.#pht ?? new Pht(this.#session.node, this.#name, lengthsOf(key))
    this.#turn = this.#turn.then(async () => {
      const pht = this.#pht ?? fresh
      if (await action(pht)) this.#pht = pht
      if (fresh !== this.#pht) fresh.close()
    })
    return this.#turn
  }
}

const indexes = new WeakMap<Session, Map<string, SessionIndex>>()

interface TakenIndex {
  readonly key: TextKey
  readonly index: SessionIndex
}

/** The index in the next word, and the key in the one after it. */
function takeIndex(session: Session, words: Words, usage: string): TakenIndex {
  const name = words.take()
  if (name === '') throw new SyntaxError(`Syntax error: no index. Syntax: ${usage}`)
  const key = readKey(words.take(), usage)
  const known = indexes.get(session) ?? new Map<string, SessionIndex>()
  indexes.set(session, known)
  const index = known.get(name) ?? new SessionIndex(session, name)
  known.set(name, index)
  return { key, index }
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
): Promise<boolean> {
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
    return true
  } catch (error) {
    const reason = explain(session, error)
    end(`Pht::insert: failed: ${reason}`, false, reason)
    return false
  }
}

async function lookup(session: Session, pht: Pht, key: TextKey, exact: boolean): Promise<boolean> {
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
    // The closest key may be one of other lengths.
    return exact && values.length > 0
  } catch (error) {
    const reason = explain(session, error)
    end(`Pht::lookup: failed. took ${elapsed()}: ${reason}`, [], reason)
    return false
  }
}

/** As C++ nodes print it, without the leaf. */
function describe(values: readonly IndexValue[]): string {
  if (values.length === 0) return ''
  const lines = values.map(({ hash, id }) => `      ${hash}[vid: ${id}]\n`)
  return `Pht::lookup: found entries!\n   entries:\n${lines.join('')}`
}

function explain(session: Session, error: unknown): string {
  const reason = explainFailure(error)
  const isMistake = error instanceof TypeError || error instanceof RangeError
  if (!isMistake) {
    session.noteFailure()
    return reason
  }
  session.noteMistake()
  return `${reason}. What was inserted or found first decides the fields of an index`
}
