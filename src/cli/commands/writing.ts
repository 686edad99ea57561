// SPDX-License-Identifier: MIT
// Commands that write: put, permanent put and its end, service announcement.

import { randomBytes } from 'node:crypto'
import type { InfoHash } from '../../core/id/info-hash.ts'
import { SocketAddress } from '../../core/id/socket-address.ts'
import { utf8 } from '../../core/util/bytes.ts'
import { TypeId } from '../../core/value/default-types.ts'
import { serviceAddressData } from '../../core/value/service-data.ts'
import { Value, type ValueId } from '../../core/value/value.ts'
import { startStopwatch } from '../format/duration.ts'
import type { Session } from '../session.ts'
import { type Command, takeKey, type Words } from './command.ts'
import { explainFailedPut } from './failure.ts'

const putCommand: Command = {
  names: ['p', 'put'],
  usage: 'KEY TEXT',
  help: 'put a text, up to the end of the line, for ten minutes',
  run: (session, words) => startPut(session, words, false),
}

const permanentPutCommand: Command = {
  names: ['pp', 'put-permanent'],
  usage: 'KEY TEXT',
  help: 'the same, renewed for as long as this node runs',
  run: (session, words) => startPut(session, words, true),
}

const cancelPutCommand: Command = {
  names: ['cpp', 'cancel-put'],
  usage: 'KEY VALUE-ID',
  help: 'stop renewing a value',
  run(session, words) {
    const key = takeKey(session, words, 'cpp KEY VALUE-ID')
    const text = words.take()
    if (!/^(0x)?[0-9a-f]{1,16}$/i.test(text)) {
      throw new SyntaxError(`Syntax error: invalid value id: ${text || '(none)'} (hexadecimal)`)
    }
    session.track(cancelPut(session, key, BigInt(`0x${text.replace(/^0x/i, '')}`)))
  },
}

const announceCommand: Command = {
  names: ['a', 'announce'],
  usage: 'KEY PORT',
  help: 'announce that a service runs on a port of this host',
  run(session, words) {
    const key = takeKey(session, words, 'a KEY PORT')
    const text = words.take()
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
    if (port < 1 || port > 65_535) {
      throw new SyntaxError(`Syntax error: invalid port: ${text || '(none)'} (1 to 65535)`)
    }
    session.track(announce(session, key, port))
  },
}

export const WRITING_COMMANDS: readonly Command[] = [
  putCommand,
  permanentPutCommand,
  cancelPutCommand,
  announceCommand,
]

function startPut(session: Session, words: Words, permanent: boolean): void {
  const usage = `${permanent ? 'pp' : 'p'} KEY TEXT`
  const key = takeKey(session, words, usage)
  const value = takeText(words, usage).withId(randomId())
  session.track(put(session, key, value, permanent))
}

/** The rest of the line as a value without id. */
export function takeText(words: Words, usage: string): Value {
  const text = words.takeRest()
  if (text === '') throw new SyntaxError(`Syntax error: no value. Syntax: ${usage}`)
  return new Value({ data: utf8(text), userType: 'text/plain' })
}

async function put(
  session: Session,
  key: InfoHash,
  value: Value,
  permanent: boolean,
): Promise<void> {
  const elapsed = startStopwatch()
  const { id } = value
  const label = `Value ID: ${id.toString(16)}`
  const end = (text: string, ok: boolean, error?: string): void =>
    session.report(text, { event: 'put.end', key, id, ok, tookMs: elapsed.ms(), error })
  try {
    await session.node.put(key, value, { permanent })
    end(`Put: success, took ${elapsed()}. ${label}`, true)
  } catch (error) {
    session.noteFailure()
    const reason = explainFailedPut(error)
    end(`Put: failure, took ${elapsed()}. ${label} (${reason})`, false, reason)
  }
}

async function cancelPut(session: Session, key: InfoHash, id: ValueId): Promise<void> {
  if (await session.node.cancelPut(key, id)) return
  session.noteFailure()
  session.out.error(`No running put of value ${id.toString(16)} on this key`)
}

async function announce(session: Session, key: InfoHash, port: number): Promise<void> {
  const elapsed = startStopwatch()
  // Nodes that store it put in the address that they see: with that one, the own copy is the same.
  const seen = session.node.publicAddresses()
  const own = seen.find(({ family }) => family === 4) ?? seen[0] ?? SocketAddress.v4(0, 0)
  const data = serviceAddressData(own.withPort(port))
  const value = new Value({ id: randomId(), type: TypeId.IpService, data })
  const { id } = value
  const end = (text: string, ok: boolean, error?: string): void =>
    session.report(text, { event: 'announce.end', key, id, ok, tookMs: elapsed.ms(), error })
  try {
    await session.node.put(key, value, {})
    end(`Announce: success (took ${elapsed()})`, true)
  } catch (error) {
    session.noteFailure()
    const reason = explainFailedPut(error)
    end(`Announce: failure (took ${elapsed()}): ${reason}`, false, reason)
  }
}

function randomId(): ValueId {
  return randomBytes(8).readBigUInt64BE() || 1n
}
