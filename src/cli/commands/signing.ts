// SPDX-License-Identifier: MIT
// Commands that need an identity: signed and encrypted puts.

import type { PutResult } from '../../api/dht-interface.ts'
import { PutError } from '../../api/errors.ts'
import { InfoHash } from '../../core/id/info-hash.ts'
import { PkId } from '../../core/id/pk-id.ts'
import type { ValueId } from '../../core/value/value.ts'
import { startStopwatch } from '../format/duration.ts'
import type { Session } from '../session.ts'
import { type Command, takeKey, type Words } from './command.ts'
import { explainFailedPut } from './failure.ts'
import { takeText } from './writing.ts'

const signedPutCommand: Command = {
  names: ['s', 'put-signed'],
  usage: 'KEY TEXT',
  help: 'put a text that is signed by this node',
  run(session, words) {
    requireIdentity(session, 's')
    const key = takeKey(session, words, 's KEY TEXT')
    const value = takeText(words, 's KEY TEXT')
    session.track(put(session, SIGNED, key, () => session.node.putSigned(key, value)))
  },
}

const encryptedPutCommand: Command = {
  names: ['e', 'put-encrypted'],
  usage: 'KEY KEY-ID TEXT',
  help: 'put a text that only the owner of this key can read',
  run(session, words) {
    const usage = 'e KEY KEY-ID TEXT'
    requireIdentity(session, 'e')
    const key = takeKey(session, words, usage)
    const to = takeKeyId(words, usage)
    const value = takeText(words, usage)
    const start = () => session.node.putEncrypted(key, to, value)
    session.track(put(session, ENCRYPTED, key, start))
  },
}

interface Kind {
  readonly what: string
  readonly event: string
}

const SIGNED: Kind = { what: 'Put signed', event: 'put-signed.end' }
const ENCRYPTED: Kind = { what: 'Put encrypted', event: 'put-encrypted.end' }

export const SIGNING_COMMANDS: readonly Command[] = [signedPutCommand, encryptedPutCommand]

function requireIdentity(session: Session, name: string): void {
  if (session.node.publicKey !== undefined) return
  throw new SyntaxError(
    `Command ${name} needs an identity: start dhtnode with -i, or --certificate and --privkey`,
  )
}

/** The id of a public key in the next word. Throws SyntaxError. */
export function takeKeyId(words: Words, usage: string): InfoHash | PkId {
  const text = words.take()
  const id = text.length === 64 ? PkId.fromHex(text) : InfoHash.fromHex(text)
  if (id !== undefined && (text.length === 40 || text.length === 64)) return id
  const expected = '40 or 64 hexadecimal digits'
  throw new SyntaxError(
    `Syntax error: invalid public key id: ${text || '(none)'} (${expected}). Syntax: ${usage}`,
  )
}

/** Programs know these lines up to the time; C++ nodes say no value id. */
async function put(
  session: Session,
  { what, event }: Kind,
  key: InfoHash,
  start: () => Promise<PutResult>,
): Promise<void> {
  const elapsed = startStopwatch()
  const end = (text: string, id: ValueId | undefined, error?: string): void => {
    const ok = error === undefined
    session.report(text, { event, key, id, ok, tookMs: elapsed.ms(), error })
  }
  try {
    const { value } = await start()
    const text = `${what}: success (took ${elapsed()}). Value ID: ${value.id.toString(16)}`
    end(text, value.id)
  } catch (error) {
    session.noteFailure()
    const reason = explainFailedPut(error)
    const id = error instanceof PutError ? error.value.id : undefined
    const rest = id === undefined ? `: ${reason}` : `. Value ID: ${id.toString(16)} (${reason})`
    end(`${what}: failure (took ${elapsed()})${rest}`, id, reason)
  }
}
