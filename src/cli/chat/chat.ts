// SPDX-License-Identifier: MIT
// What dhtchat does with a line: outside of a room commands, inside messages.

import { randomBytes } from 'node:crypto'
import type { ValueEvent } from '../../api/value-queue.ts'
import { InfoHash } from '../../core/id/info-hash.ts'
import { TypeId } from '../../core/value/default-types.ts'
import { printable } from '../../core/value/printable.ts'
import { Value } from '../../core/value/value.ts'
import { Words } from '../commands/command.ts'
import { explainFailedPut, explainFailure } from '../commands/failure.ts'
import { takeKeyId } from '../commands/signing.ts'
import { formatDuration } from '../format/duration.ts'
import type { Session } from '../session.ts'
import { packImMessage, readImMessage } from './im-message.ts'

const JOIN_HINT = "  type 'c {hash}' to join a channel"
const EXITS: readonly string[] = ['x', 'q', 'exit', 'quit']

interface Room {
  readonly key: InfoHash
  readonly stop: AbortController
}

export class Chat {
  readonly #session: Session
  #room: Room | undefined

  constructor(session: Session) {
    this.#session = session
  }

  get prompt(): string {
    return this.#room === undefined ? '> ' : '>> '
  }

  /** What Tab knows here. */
  get commands(): readonly string[] {
    return this.#room === undefined ? ['c', ...EXITS] : ['d', 'e', ...EXITS]
  }

  greet(): void {
    this.#session.note(`${JOIN_HINT}\n`)
  }

  /** Mistakes of the user become one line of output. */
  read(line: string): void {
    const words = new Words(line)
    const command = words.take()
    if (command === '') return
    if (EXITS.includes(command)) return this.#session.leave()
    try {
      if (this.#room === undefined) this.#join(command, words)
      else this.#speak(this.#room, command, words, line.trim())
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      this.#session.complain(error.message)
    }
  }

  leaveRoom(): void {
    this.#room?.stop.abort()
    this.#room = undefined
  }

  #join(command: string, words: Words): void {
    const name = words.take()
    if (command !== 'c' || name === '') return this.#session.refuse(JOIN_HINT)
    const isId = name.length === 40
    const key = (isId ? InfoHash.fromHex(name) : undefined) ?? InfoHash.get(name)
    this.#session.rememberKey(name)
    this.#session.report(`Joining h(${name}) = ${key}`, { event: 'join', key })
    this.#room = { key, stop: new AbortController() }
    void this.#listen(this.#room)
  }

  #speak(room: Room, command: string, words: Words, line: string): void {
    if (command === 'd') return this.leaveRoom()
    const { node } = this.#session
    if (command !== 'e') {
      return this.#session.track(this.#send(line, (value) => node.putSigned(room.key, value)))
    }
    const to = takeKeyId(words, 'e KEY-ID TEXT')
    const text = words.takeRest()
    if (text === '') throw new SyntaxError('Syntax error: no text. Syntax: e KEY-ID TEXT')
    this.#session.track(this.#send(text, (value) => node.putEncrypted(room.key, to, value)))
  }

  async #send(text: string, put: (value: Value) => Promise<unknown>): Promise<void> {
    const id = randomBytes(8).readBigUInt64BE() || 1n
    const data = packImMessage({ id, text, sentAt: Math.floor(Date.now() / 1000) })
    try {
      await put(new Value({ type: TypeId.ImMessage, data }))
    } catch (error) {
      this.#session.noteFailure()
      const reason = explainFailedPut(error)
      const record = { event: 'send.end', id, ok: false, error: reason }
      this.#session.report(`Message publishing failed ! (${reason})`, record)
    }
  }

  async #listen({ key, stop }: Room): Promise<void> {
    const { node } = this.#session
    const filter = ({ type }: Value): boolean => type === TypeId.ImMessage
    try {
      for await (const change of node.listen(key, { filter, signal: stop.signal })) {
        this.#hear(change)
      }
    } catch (error) {
      if (stop.signal.aborted) return
      this.#session.noteFailure()
      this.#session.out.error(`Cannot hear the room any more: ${explainFailure(error)}`)
    }
  }

  #hear({ value, expired }: ValueEvent): void {
    const { ownerId } = value
    const message = readImMessage(value.data)
    const isOwn = ownerId !== undefined && this.#session.node.publicKey?.id.equals(ownerId)
    if (expired || isOwn || ownerId === undefined || message === undefined) return
    const { id, text, sentAt } = message
    const isEncrypted = value.recipient !== undefined && !value.recipient.isZero
    const took = formatDuration(Math.max(0, Date.now() - sentAt * 1000))
    const mark = isEncrypted ? 'ENCRYPTED ' : ''
    this.#session.report(
      `${ownerId} at ${localTime(sentAt)} (took ${took}) : ${mark}${id} - ${printable(text)}`,
      { event: 'message', from: ownerId, id: `${id}`, sentAt, isEncrypted, text },
    )
  }
}

/** `2026-11-22 05:44:16`; a time that no calendar has as it is. */
function localTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime())) return `${seconds}`
  const two = (part: number): string => String(part).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${day} ${time}`
}
