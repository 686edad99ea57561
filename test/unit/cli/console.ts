// SPDX-License-Identifier: MIT
// A REPL over a fake node, with its input and output in the hands of a test.

import { PassThrough } from 'node:stream'
import { Logger, lineSink } from '../../../src/cli/logger.ts'
import type { ProxyView } from '../../../src/cli/proxies/proxy-view.ts'
import { runRepl } from '../../../src/cli/repl.ts'
import { Screen } from '../../../src/cli/screen.ts'
import { Session } from '../../../src/cli/session.ts'
import { Watch } from '../../support/watch.ts'
import { FakeNode } from './fake-node.ts'

const MAX_BYTES = 65_536 * 1024

interface ConsoleOptions {
  isTerminal?: boolean
  json?: boolean
  proxies?: ProxyView
}

/** `isTerminal`: with prompt and line editing, as at a keyboard; `json`: as with --json. */
export class Console {
  readonly node = new FakeNode()
  readonly stdin = new PassThrough()
  readonly stdout = new PassThrough({ encoding: 'utf8' })
  readonly stderr = new PassThrough({ encoding: 'utf8' })
  readonly log: Logger
  readonly session: Session
  readonly done: Promise<void>
  readonly #watch = new Watch()
  out = ''
  errors = ''

  constructor({ isTerminal = false, json = false, proxies }: ConsoleOptions = {}) {
    if (isTerminal) {
      Object.assign(this.stdin, { isTTY: true })
      Object.assign(this.stdout, { isTTY: true, columns: 80 })
    }
    const screen = new Screen(this.stdout, this.stderr)
    const sink = lineSink((line) => screen.error(line), false)
    this.log = new Logger({ sink, isOn: false, isVisible: true })
    this.session = new Session({
      node: this.node,
      out: screen,
      log: this.log,
      limits: { remoteBytes: MAX_BYTES, localBytes: -1 },
      stop: new AbortController(),
      json,
      ...(proxies === undefined ? {} : { proxies }),
    })
    this.stdout.on('data', (text: string) => {
      this.out += text
      this.#watch.notify()
    })
    this.stderr.on('data', (text: string) => {
      this.errors += text
    })
    this.done = runRepl(this.session, screen, this)
  }

  type(line: string): void {
    this.stdin.write(`${line}\n`)
  }

  /** Until the output matches. */
  async until(pattern: RegExp): Promise<void> {
    const find = (): true | undefined => pattern.test(this.out) || undefined
    await this.#watch.until(find, 2000, () => `no ${pattern} in:\n${this.out}`)
  }

  /** The lines of the output with durations as TIME and value ids that are random as ID. */
  get lines(): string[] {
    return this.out
      .replace(/\b[\d.]+ (us|ms|s)\b/g, 'TIME')
      .replace(/(Value ID: |id:|Id:)[0-9a-f]{10,16}\b/g, '$1ID')
      .split('\n')
      .slice(0, -1)
  }
}

/** Output of a session that gets these lines and then the end of the input. */
export async function run(node: Partial<FakeNode>, ...lines: string[]): Promise<Console> {
  const console = new Console()
  Object.assign(console.node, node)
  console.stdin.end(`${lines.join('\n')}\n`)
  await console.done
  return console
}
