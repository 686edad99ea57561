// SPDX-License-Identifier: MIT
// What the figures were measured on, in the words that a reader needs to compare: never names of
// hosts or paths.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'

export interface Machine {
  readonly processor: string
  readonly processors: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  /** Version of Debian's C++ library; undefined when it is not installed. */
  readonly cpp: string | undefined
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: allowedProcessors().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    cpp: cppVersion(),
  }
}

/** Numbers of the processors that this process may run on. */
export function allowedProcessors(): number[] {
  const list = statusField('Cpus_allowed_list') ?? '0'
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?]
    return Array.from({ length: last! - first + 1 }, (_, i) => first + i)
  })
}

function statusField(name: string): string | undefined {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]
  } catch {
    // No Linux.
    return undefined
  }
}

function cppVersion(): string | undefined {
  try {
    const args = ['-Wf', '$' + '{Version}', 'libopendht-dev']
    return execFileSync('dpkg-query', args, { encoding: 'utf8', stdio: 'pipe' })
  } catch {
    return undefined
  }
}
