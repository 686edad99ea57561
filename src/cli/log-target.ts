// SPDX-License-Identifier: MIT
// Where the log goes: standard error, a file, or the system log. Many nodes of one program share
// the first and the last, but have files of their own.

import { spawn } from 'node:child_process'
import { fstatSync } from 'node:fs'
import type { LogLevel } from '../core/ports.ts'
import { Logger, type LogSink, lineSink, openLogFile } from './logger.ts'
import type { NodeOptions } from './options.ts'
import type { Screen } from './screen.ts'

export interface LogTarget {
  readonly log: Logger
  close(): void
}

/** As syslog and systemd number them. */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { debug: 7, warning: 4, error: 3 }
const FACILITY = 'daemon.debug'

type LogOptions = Pick<NodeOptions, 'logFile' | 'syslog' | 'verbose' | 'daemonize'>

/** `tool` is who writes, for the system log. Throws when the log file cannot be opened. */
export function openLog(options: LogOptions, screen: Screen, tool: string): LogTarget {
  const { sink, isVisible, close } = openSink(options, screen, tool)
  const notice = (text: string): void => screen.error(text)
  return { log: new Logger({ sink, isOn: options.verbose, notice, isVisible }), close }
}

/** The logs of nodes that have numbers. */
export class NumberedLogs {
  readonly #options: LogOptions
  readonly #screen: Screen
  readonly #tool: string
  #shared: OpenSink | undefined

  constructor(options: LogOptions, screen: Screen, tool: string) {
    this.#options = options
    this.#screen = screen
    this.#tool = tool
  }

  /** To a file with the number behind its name, or with the number before each line. */
  open(index: number): LogTarget {
    const options = this.#options
    const screen = this.#screen
    const { logFile, verbose } = options
    if (logFile !== undefined) {
      return openLog({ ...options, logFile: `${logFile}.${index}` }, screen, this.#tool)
    }
    this.#shared ??= openSink(options, screen, this.#tool)
    const { sink, isVisible } = this.#shared
    const log = new Logger({
      sink: (level, line) => sink(level, `(${index}) ${line}`),
      isOn: verbose,
      notice: (text) => screen.error(`(${index}) ${text}`),
      isVisible,
    })
    return { log, close: () => {} }
  }

  close(): void {
    this.#shared?.close()
  }
}

interface OpenSink {
  readonly sink: LogSink
  /** It is where notices go, too. */
  readonly isVisible: boolean
  close(): void
}

function openSink(options: LogOptions, screen: Screen, tool: string): OpenSink {
  const { logFile, syslog, verbose, daemonize } = options
  const write = (text: string): void => screen.error(text)
  const fail = (where: string) => (error: Error) =>
    write(`Cannot write to ${where} any more: ${error.message}`)
  if (syslog || (daemonize && verbose && logFile === undefined)) {
    return { ...openSyslog(tool, fail('the system log')), isVisible: false }
  }
  if (logFile !== undefined) {
    return { ...openFile(logFile, fail('the log file')), isVisible: false }
  }
  const sink = isJournal() ? journalSink(write) : lineSink(write, screen.hasColors)
  return { sink, isVisible: true, close: () => {} }
}

type WrittenLog = Omit<OpenSink, 'isVisible'>

function openFile(path: string, fail: (error: Error) => void): WrittenLog {
  try {
    return openLogFile(path, fail)
  } catch (cause) {
    throw new Error(`Cannot write the log to ${path}: ${(cause as Error).message}`, { cause })
  }
}

/** Lines to the system's `logger`, since Node.js has no way to its socket. */
function openSyslog(tool: string, fail: (error: Error) => void): WrittenLog {
  // A session of its own: Ctrl-C is not for it, so that the last lines get through.
  const child = spawn('logger', ['--tag', tool, '-p', FACILITY, '--prio-prefix'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  let isOpen = true
  const end = (error: Error): void => {
    if (isOpen) fail(error)
    isOpen = false
  }
  child.on('error', end).on('exit', (status) => end(new Error(`logger ended with ${status}`)))
  child.stdin.on('error', end)
  child.unref()
  const sink: LogSink = (level, line) => {
    if (isOpen) child.stdin.write(prefixed(level, line))
  }
  const close = (): void => {
    isOpen = false
    child.stdin.end()
  }
  return { sink, close }
}

/** Whether systemd reads standard error into its journal. */
function isJournal(): boolean {
  const stream = process.env['JOURNAL_STREAM']
  if (stream === undefined) return false
  try {
    const { dev, ino } = fstatSync(process.stderr.fd)
    return stream === `${dev}:${ino}`
  } catch {
    return false // closed: then nobody reads it
  }
}

/** The journal takes the level from the beginning of the line. */
function journalSink(write: (line: string) => void): LogSink {
  return (level, line) => write(`<${PRIORITIES[level]}>${line}`)
}

function prefixed(level: LogLevel, line: string): string {
  return `<${PRIORITIES[level]}>${line.replaceAll('\n', ' ')}\n`
}
