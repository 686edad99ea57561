// SPDX-License-Identifier: MIT
// Two connections to a Redis or Valkey server: one for commands, one that hears what is published.
// Both come back by themselves; commands fail at once while there is no connection, so that clients
// hear of it instead of waiting. The package behind it is brought by the few who need it.

import { DhtError } from '../../../core/errors.ts'

export interface RedisConnectionEvents {
  /** Both are there again: what was published in the meantime was missed. */
  onRestored(): void
  onLost(reason: string): void
  onMessage(text: string): void
}

export type RedisReply = string | number | null | readonly RedisReply[]

const CONNECT_TIMEOUT_MS = 5000
const COMMAND_TIMEOUT_MS = 10_000
const MAX_RECONNECT_DELAY_MS = 5000
const PING_INTERVAL_MS = 15_000

export class RedisConnection {
  readonly #commands: ReturnType<typeof newClient>
  readonly #messages: ReturnType<typeof newClient>
  readonly #where: string
  /** Until then, `connect` says what is wrong. */
  #isConnected = false
  #isLost = false

  /**
   * Rejects with TypeError for a wrong URL, ERR_DHT_STATE when nobody answers, or the package is
   * not installed.
   */
  static async connect(
    url: string,
    channel: string,
    events: RedisConnectionEvents,
  ): Promise<RedisConnection> {
    const isRedis = URL.canParse(url) && /^rediss?:\/\//.test(url)
    if (!isRedis) throw new TypeError('redis must be a redis: or rediss: URL')
    const connection = new RedisConnection(await loadPackage(), url, events)
    try {
      await connection.#connect()
      await connection.#messages.subscribe(channel, (text) => events.onMessage(text))
      connection.#isConnected = true
      return connection
    } catch (error) {
      connection.close()
      throw connection.#stateError(error)
    }
  }

  private constructor(redis: RedisPackage, url: string, events: RedisConnectionEvents) {
    // Without user and password, which are of no use in messages.
    this.#where = new URL(url).host
    this.#commands = newClient(redis, url)
    this.#messages = newClient(redis, url)
    for (const client of [this.#commands, this.#messages]) {
      client.on('error', (error: Error) => this.#onError(error, events))
      client.on('ready', () => this.#onReady(events))
    }
  }

  /** Rejects with ERR_DHT_STATE. */
  async send(...args: string[]): Promise<RedisReply> {
    try {
      return (await this.#commands.sendCommand(args)) as RedisReply
    } catch (error) {
      throw this.#stateError(error)
    }
  }

  close(): void {
    for (const client of [this.#commands, this.#messages]) {
      client.removeAllListeners()
      // What it still has to say does not matter.
      client.on('error', () => undefined)
      client.destroy()
    }
  }

  /** The first time it must succeed; a client by itself would try for ever. */
  async #connect(): Promise<void> {
    const gaveUp = new Promise<never>((_, reject) => {
      this.#commands.once('error', reject)
      this.#messages.once('error', reject)
    })
    await Promise.race([Promise.all([this.#commands.connect(), this.#messages.connect()]), gaveUp])
  }

  #onError(error: Error, events: RedisConnectionEvents): void {
    if (!this.#isConnected || this.#isLost) return
    this.#isLost = true
    events.onLost(this.#stateError(error).message)
  }

  #onReady(events: RedisConnectionEvents): void {
    if (!this.#isLost || !this.#commands.isReady || !this.#messages.isReady) return
    this.#isLost = false
    events.onRestored()
  }

  #stateError(cause: unknown): DhtError {
    const { message = '', code = 'no connection' } = cause as NodeJS.ErrnoException
    const text = `Cannot use Redis at ${this.#where}: ${message === '' ? code : message}`
    return new DhtError('ERR_DHT_STATE', text, { cause })
  }
}

type RedisPackage = typeof import('@redis/client')

async function loadPackage(): Promise<RedisPackage> {
  try {
    return await import('@redis/client')
  } catch (cause) {
    const advice = 'the package @redis/client is needed for that: npm install @redis/client'
    throw new DhtError('ERR_DHT_STATE', `Cannot use Redis: ${advice}`, { cause })
  }
}

function newClient({ createClient }: RedisPackage, url: string) {
  return createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    pingInterval: PING_INTERVAL_MS,
    commandOptions: { timeout: COMMAND_TIMEOUT_MS },
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, MAX_RECONNECT_DELAY_MS),
    },
  })
}
