// SPDX-License-Identifier: MIT
// Commands that watch a key: listen and its end.

import type { InfoHash } from '../../core/id/info-hash.ts'
import type { Where } from '../../core/value/query.ts'
import type { Value, ValueId } from '../../core/value/value.ts'
import type { Session } from '../session.ts'
import { Batch } from './batch.ts'
import { type Command, takeKey } from './command.ts'
import { explainFailure } from './failure.ts'
import { readConditions } from './query-text.ts'
import { valueLines } from './reading.ts'

const listenCommand: Command = {
  names: ['l', 'listen'],
  usage: 'KEY [WHERE ...]',
  help: 'listen: show values as they come and expire',
  run(session, words) {
    const key = takeKey(session, words, 'l KEY [WHERE ...]')
    const where = readConditions(words.takeRest())
    const { token, signal } = session.addListen(key)
    session.report(`Listening, token: ${token}`, { event: 'listen.start', key, token })
    void listen(session, { key, where, token, signal })
  },
}

const cancelListenCommand: Command = {
  names: ['cl', 'cancel-listen'],
  usage: 'KEY TOKEN',
  help: 'stop listening',
  run(session, words) {
    const key = takeKey(session, words, 'cl KEY TOKEN')
    const text = words.take()
    if (!/^\d+$/.test(text)) {
      throw new SyntaxError(
        `Syntax error: invalid token: ${text || '(none)'}. Syntax: cl KEY TOKEN`,
      )
    }
    if (!session.removeListen(key, Number(text))) {
      session.noteFailure()
      session.out.error(`No listen with token ${text} on this key`)
    }
  },
}

export const LISTENING_COMMANDS: readonly Command[] = [listenCommand, cancelListenCommand]

interface Change {
  readonly value: Value
  readonly expired: boolean
}

interface Listening {
  readonly key: InfoHash
  readonly where: Where
  readonly token: number
  readonly signal: AbortSignal
}

async function listen(session: Session, { key, where, token, signal }: Listening): Promise<void> {
  const current = new Set<ValueId>()
  const changes = new Batch<Change>((batch) => {
    for (const group of groupByKind(batch)) showChanges(session, { key, token, current }, group)
  })
  try {
    for await (const change of session.node.listen(key, { where, signal })) changes.add(change)
  } catch (error) {
    if (signal.aborted || session.ended.aborted) return
    changes.flush()
    session.noteFailure()
    const reason = explainFailure(error)
    const record = { event: 'listen.end', key, token, ok: false, error: reason }
    session.report(`Listen: failure (token ${token}): ${reason}`, record)
    session.removeListen(key, token)
  }
}

/** Neighbours of the same kind together. */
function groupByKind(changes: readonly Change[]): Change[][] {
  const groups: Change[][] = []
  for (const change of changes) {
    const last = groups.at(-1)
    if (last?.[0]?.expired === change.expired) last.push(change)
    else groups.push([change])
  }
  return groups
}

interface Heard {
  readonly key: InfoHash
  readonly token: number
  readonly current: Set<ValueId>
}

function showChanges(
  session: Session,
  { key, token, current }: Heard,
  group: readonly Change[],
): void {
  const expired = group[0]?.expired ?? false
  for (const { value } of group) {
    if (expired) current.delete(value.id)
    else current.add(value.id)
  }
  const what = `${group.length} values${expired ? ' expired' : ''}`
  const values = group.map(({ value }) => value)
  const title = `Listen: found ${what} (total ${current.size})`
  const record = { event: 'listen.values', key, token, expired, values }
  session.report([title, ...valueLines(values)].join('\n'), record)
}
