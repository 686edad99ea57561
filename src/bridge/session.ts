// SPDX-License-Identifier: MIT
// One conversation with the Python package: finds the method of each call, runs calls side by side,
// cancels them, and lets streams send as much as the reader has room for. Knows neither pipes nor
// nodes.

import {
  type MsgpackValue,
  packMsgpackValue,
  unpackMsgpackValue,
} from '../discovery/msgpack-value.ts'
import { describeFailure } from './failure.ts'
import { Kind, MAX_CALLS, PROTOCOL_VERSION, Reply } from './protocol.ts'
import { StreamWriter } from './stream-writer.ts'

/** What a method gets beside its parameters. */
export interface CallContext {
  /** Aborted when the call is cancelled, or the conversation ends. */
  readonly signal: AbortSignal
  /** Sends an item of a stream. Resolves when there is room for the next one. */
  emit(item: MsgpackValue): Promise<void>
}

export type Method = (
  parameters: readonly MsgpackValue[],
  context: CallContext,
) => MsgpackValue | undefined | Promise<MsgpackValue | undefined>

export interface SessionOptions {
  readonly methods: Readonly<Record<string, Method>>
  /** Of Node.js, for messages. */
  readonly version: string
  readonly send: (contents: Uint8Array) => void
}

interface OpenCall {
  readonly abort: AbortController
  readonly stream: StreamWriter
}

export class Session {
  readonly #options: SessionOptions
  readonly #calls = new Map<number, OpenCall>()
  #credit: number | undefined

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Throws WireError or TypeError for what is no message of this protocol. */
  receive(contents: Uint8Array): void {
    const message = unpackMsgpackValue(contents)
    if (!Array.isArray(message)) throw new TypeError('A message must be an array')
    const [kind, id, ...fields] = message as [number, number, ...MsgpackValue[]]
    if (this.#credit === undefined) this.#greet(kind, id, fields)
    else if (kind === Kind.Call) this.#start(id, fields)
    else if (kind === Kind.Cancel) this.#calls.get(id)?.abort.abort()
    else if (kind === Kind.Credit) this.#calls.get(id)?.stream.addCredit(fields[0] as number)
    else throw new TypeError(`Unknown kind of message: ${kind}`)
  }

  /** Cancels all calls; nothing is sent any more. */
  close(): void {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const { abort } of calls) abort.abort()
  }

  #greet(kind: number, protocol: number, [credit]: readonly MsgpackValue[]): void {
    if (kind !== Kind.Hello) throw new TypeError(`The first message must be a hello: got ${kind}`)
    this.#send([Reply.Hello, PROTOCOL_VERSION, this.#options.version, MAX_CALLS])
    if (protocol !== PROTOCOL_VERSION) throw new RangeError(`Unknown protocol: ${protocol}`)
    this.#credit = credit as number
  }

  #start(id: number, [name, parameters]: readonly MsgpackValue[]): void {
    const abort = new AbortController()
    const send = (items: MsgpackValue[]): void => this.#send([Reply.Items, id, items])
    const stream = new StreamWriter({ credit: this.#credit!, send, signal: abort.signal })
    this.#calls.set(id, { abort, stream })
    void this.#run(id, name as string, parameters as readonly MsgpackValue[])
  }

  async #run(id: number, name: string, parameters: readonly MsgpackValue[]): Promise<void> {
    const { abort, stream } = this.#calls.get(id)!
    let answer: MsgpackValue[]
    try {
      const method = Object.hasOwn(this.#options.methods, name) && this.#options.methods[name]
      if (!method) throw new TypeError(`Unknown method: ${name}`)
      const emit = (item: MsgpackValue): Promise<void> => stream.emit(item)
      const value = await method(parameters, { signal: abort.signal, emit })
      answer = [Reply.Result, id, value ?? null]
    } catch (error) {
      answer = [Reply.Failure, id, ...describeFailure(error)]
    }
    if (!this.#calls.delete(id)) return
    stream.flush()
    this.#send(answer)
  }

  #send(message: MsgpackValue[]): void {
    this.#options.send(packMsgpackValue(message, 'message'))
  }
}
