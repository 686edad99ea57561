// SPDX-License-Identifier: MIT
// Commands that read: get and query.

import type { InfoHash } from '../../core/id/info-hash.ts'
import type { Query, Where } from '../../core/value/query.ts'
import type { Value } from '../../core/value/value.ts'
import { valueToText } from '../../core/value/value-text.ts'
import { startStopwatch } from '../format/duration.ts'
import { indexFields } from '../format/json.ts'
import type { Session } from '../session.ts'
import { Batch } from './batch.ts'
import { type Command, takeKey } from './command.ts'
import { explainFailure } from './failure.ts'
import { readConditions, readQuery } from './query-text.ts'

const getCommand: Command = {
  names: ['g', 'get'],
  usage: 'KEY [WHERE ...]',
  help: 'get the values of a key, e.g. g mykey WHERE id=5',
  run(session, words) {
    const key = takeKey(session, words, 'g KEY [WHERE ...]')
    session.track(get(session, key, readConditions(words.takeRest())))
  },
}

const queryCommand: Command = {
  names: ['q', 'query'],
  usage: 'KEY [SELECT ...]',
  help: 'get only fields of them, e.g. q mykey SELECT id,seq',
  run(session, words) {
    const key = takeKey(session, words, 'q KEY [SELECT ...] [WHERE ...]')
    session.track(query(session, key, readQuery(words.takeRest())))
  },
}

export const READING_COMMANDS: readonly Command[] = [getCommand, queryCommand]

async function get(session: Session, key: InfoHash, where: Where): Promise<void> {
  const elapsed = startStopwatch()
  let total = 0
  const found = new Batch<Value>((values) => {
    total += values.length
    const title = `Get: found ${values.length} value(s) after ${elapsed()} (total ${total})`
    session.report([title, ...valueLines(values)].join('\n'), {
      event: 'get.values',
      key,
      values,
    })
  })
  const end = (text: string, ok: boolean, error?: string): void =>
    session.report(text, { event: 'get.end', key, ok, total, tookMs: elapsed.ms(), error })
  try {
    for await (const value of session.node.get(key, { where })) found.add(value)
    found.flush()
    end(`Get: completed, took ${elapsed()} (total ${total})`, true)
  } catch (error) {
    found.flush()
    const reason = explainFailure(error)
    session.noteFailure()
    end(`Get: failure, took ${elapsed()} (total ${total}): ${reason}`, false, reason)
  }
}

/** Values as indented lines. */
export function valueLines(values: readonly Value[]): string[] {
  return values.map((value) => `\t${valueToText(value)}`)
}

async function query(session: Session, key: InfoHash, query: Query): Promise<void> {
  const elapsed = startStopwatch()
  const end = (text: string, ok: boolean, error?: string): void =>
    session.report(text, { event: 'query.end', key, ok, tookMs: elapsed.ms(), error })
  try {
    for await (const index of session.node.query(key, query)) {
      const text = `Query: found field value index after ${elapsed()}\n\t${index}`
      session.report(text, { event: 'query.index', key, fields: indexFields(index) })
    }
    end(`Query: completed, took ${elapsed()}`, true)
  } catch (error) {
    session.noteFailure()
    const reason = explainFailure(error)
    end(`Query: failure, took ${elapsed()}: ${reason}`, false, reason)
  }
}
