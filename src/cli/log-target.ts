// SPDX-License-Identifier: MIT
// Where the log goes: standard error, a file, or the system log.

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

/** Throws when the log file cannot be opened. */
export function openLog(options: LogOptions, screen: Screen): LogTarget {
  const { logFile, syslog, verbose, daemonize } = options
  const notice = (text: string): void => screen.error(text)
  const fail = (where: string) => (error: Error) =>
    notice(`Cannot write to ${where} any more: ${error.message}`)
  const isSystem = syslog || (daemonize && verbose && logFile === undefined)
  if (logFile === undefined && !isSystem) {
    const write = isJournal() ? journalSink(notice) : lineSink(notice, screen.hasColors)
    const log = new Logger({ sink: write, isOn: verbose, notice, isVisible: true })
    return { log, close: () => {} }
  }
  const target = isSystem
    ? openSyslog(fail('the system log'))
    : openFile(logFile ?? '', fail('the log file'))
  const log = new Logger({ sink: target.sink, isOn: verbose, notice, isVisible: false })
  return { log, close: () => target.close() }
}

function openFile(path: string, fail: (error: Error) => void): { sink: LogSink; close(): void } {
  try {
    return openLogFile(path, fail)
  } catch (cause) {
    throw new Error(`Cannot write the log to ${path}: ${(cause as Error).message}`, { cause })
  }
}

/** Lines to the system's `logger`, since Node.js has no way to its socket. */
function openSyslog(fail: (error: Error) => void): { sink: LogSink; close(): void } {
  // A session of its own: Ctrl-C is not for it, so that the last lines get through.
  const child = spawn('logger', ['--tag', 'dhtnode', '-p', FACILITY, '--prio-prefix'], {
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
