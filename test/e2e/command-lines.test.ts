// SPDX-License-Identifier: MIT
// Every command line of a text that starts one of the tools is one that the tool takes: its flags
// are there, and their values have the right form. What it does is another test's matter.
// Scripts of npm that texts name are there as well.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readArguments } from '../../src/cli/given.ts'
import { findTool } from '../../src/cli/tools/all.ts'
import { codeBlocks, readText, textPaths } from '../support/markdown.ts'

const STARTERS = new Set(['npx', 'opendht', 'sudo'])

test('texts name flags that the tools have', () => {
  let count = 0
  for (const path of textPaths().filter((it) => it !== 'CHANGELOG.md')) {
    const blocks = codeBlocks(readText(path)).filter(({ info }) => info === 'sh')
    for (const command of blocks.flatMap(({ code }) => commandsOf(code))) {
      const start = command.findIndex((word) => !STARTERS.has(word))
      const tool = findTool(command[start] ?? '')
      if (tool === undefined) continue
      count++
      const read = () => readArguments(command.slice(start + 1), tool.flags, tool.operands?.max)
      assert.doesNotThrow(read, `${path}: ${command.join(' ')}`)
    }
  }
  assert.ok(count > 20, `${count} command lines`)
})

test('texts name scripts that the project has', () => {
  const { scripts } = JSON.parse(readText('package.json'))
  const isOurs = (path: string) => !path.startsWith('examples/') && path !== 'CHANGELOG.md'
  const texts = textPaths().filter(isOurs)
  const named = texts.flatMap((path) => [...readText(path).matchAll(/\bnpm run ([\w:]+)/g)])
  assert.deepEqual(
    named.flatMap(([, name = '']) => (name in scripts ? [] : name)),
    [],
  )
  assert.ok(named.length > 20, `${named.length} times`)
})

/** Simple commands as their words: without comments, redirections and what joins them. */
function commandsOf(script: string): string[][] {
  const commands: string[][] = []
  const joined = script.replaceAll('\\\n', ' ')
  for (const line of joined.split('\n')) {
    const words = line.match(/"[^"]*"|'[^']*'|[|&;<>]+|[^\s|&;<>]+/g) ?? []
    const end = words.findIndex((word) => word.startsWith('#'))
    let command: string[] = []
    commands.push(command)
    for (const word of end < 0 ? words : words.slice(0, end)) {
      if (/^[|&;<>]/.test(word)) {
        command = []
        commands.push(command)
      } else command.push(word.replace(/^(["'])(.*)\1$/, '$2'))
    }
  }
  return commands
}
