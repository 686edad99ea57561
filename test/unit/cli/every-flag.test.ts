// SPDX-License-Identifier: MIT
// Every flag and every command of every tool is tried by a test: a new one without is found here.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import { Chat } from '../../../src/cli/chat/chat.ts'
import { OWN_COMMANDS } from '../../../src/cli/cluster/cluster-shell.ts'
import { commandNames } from '../../../src/cli/commands/registry.ts'
import type { Flag } from '../../../src/cli/flags.ts'
import { readArguments } from '../../../src/cli/given.ts'
import { TOOLS } from '../../../src/cli/tools/all.ts'
import { Console } from './console.ts'

const TESTS = resolve(import.meta.dirname, '../..')
const FOLDERS = ['unit/cli', 'e2e', 'interop', 'support']

/** All that tests of tools say, without this one. */
const texts = FOLDERS.flatMap((folder) => {
  const files = readdirSync(join(TESTS, folder), { recursive: true, encoding: 'utf8' })
  const tests = files.filter((file) => file.endsWith('.ts') && !file.startsWith('every-flag'))
  return tests.map((file) => readFileSync(join(TESTS, folder, file), 'utf8'))
})
const text = texts.join('\n')

/** As a word of a command line: in quotes, or behind a space. */
const isTyped = (pattern: string): boolean =>
  new RegExp(String.raw`['"\x60 ]${pattern}['"\x60 =,\n]`).test(text)
/** As the beginning of a line that is typed: behind a quote or a line feed. */
const isSent = (command: string): boolean =>
  new RegExp(String.raw`(?:['"\x60]|\\n)${command}(?:['"\x60 ]|\\n)`).test(text)

for (const tool of TOOLS) {
  describe(tool.name, () => {
    const flags = Object.entries<Flag>(tool.flags)

    test('reads each of its flags, by name and by letter', () => {
      for (const [name, { short, argument, choices }] of flags) {
        const value = argument === undefined ? undefined : (choices?.[0] ?? 'word')
        const typed = [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]
        for (const flag of typed) {
          const given = readArguments(value === undefined ? [flag] : [flag, value], tool.flags)
          assert.deepEqual(given.all(name), [value ?? ''], flag)
        }
      }
    })

    test('has no flag that no test types', () => {
      const untried = flags.filter(([name, { short }]) => {
        // Letters may be together, and have their argument behind them.
        const byLetter = short !== undefined && isTyped(`-[A-Za-z]*${short}[\\w:.]*`)
        return !byLetter && !isTyped(`--${name}`)
      })
      assert.deepEqual(
        untried.map(([name]) => name),
        [],
      )
    })
  })
}

test('there is no command that no test types', () => {
  const { session } = new Console()
  const names = [...commandNames(), ...OWN_COMMANDS, ...new Chat(session).commands]
  assert.ok(names.length > 40)
  assert.deepEqual(
    names.filter((name) => !isSent(name)),
    [],
  )
  session.end()
})

test('a flag or command that nobody types would be found', () => {
  assert.ok(!isTyped('--no-such-flag') && !isSent('nosuchcommand'))
})
