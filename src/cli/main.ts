// SPDX-License-Identifier: MIT
// A command line program, told its arguments: one tool, or `opendht`, which has all of them. Loads
// no more than it needs: `--help` no node.

import { suggestion } from '../core/util/nearest.ts'
import { readArguments, UsageError } from './given.ts'
import { type ProgramStreams, type Tool, USAGE_STATUS } from './tool.ts'
import { findTool, TOOLS } from './tools/all.ts'

const HELP_WORDS: readonly string[] = ['--help', '-h', 'help']

/** Runs a tool; resolves when it is over, with the exit status set. */
export async function main(name: string, args: readonly string[]): Promise<void> {
  const tool = findTool(name)
  if (tool === undefined) throw new Error(`There is no tool ${name}`)
  process.exitCode = await runTool(tool, args, name)
}

/** `opendht TOOL …`, and `opendht help TOOL`. */
export async function mainOfAll(args: readonly string[]): Promise<void> {
  const [first = '--help', ...rest] = args
  const tool = findTool(first)
  if (tool !== undefined) {
    process.exitCode = await runTool(tool, rest, `opendht ${first}`)
    return
  }
  if (first === '--version') return print((await import('./help.ts')).versionText())
  if (HELP_WORDS.includes(first)) {
    const [name] = rest
    if (name !== undefined && !name.startsWith('-')) return mainOfAll([name, '--help'])
    return print((await import('./overview.ts')).overviewText())
  }
  const names = [...TOOLS.map((it) => it.name), 'help', '--help', '--version']
  const what = first.startsWith('-') ? 'option' : 'tool'
  complain(`Unknown ${what}: ${first}${suggestion(first, names)}`, 'opendht')
}

async function runTool(tool: Tool, args: readonly string[], program: string): Promise<number> {
  const { stdin, stdout, stderr } = process
  const streams: ProgramStreams = { stdin, stdout, stderr }
  try {
    const given = readArguments(args, tool.flags, tool.operands?.max)
    const isHelp = given.has('help')
    if (isHelp || given.has('version')) {
      const { helpText, versionText } = await import('./help.ts')
      print(isHelp ? helpText(tool) : versionText())
      return 0
    }
    keepCompiledCode()
    return await tool.run(given, streams)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    complain(error.message, program)
    return USAGE_STATUS
  }
}

/**
 * From Node.js 22 on, and unless NODE_DISABLE_COMPILE_CACHE is set, the next start finds in the
 * folder for temporary files what this one compiled: that is half of what the start consists of.
 */
function keepCompiledCode(): void {
  process.getBuiltinModule('node:module').enableCompileCache?.()
}

function print(text: string): void {
  // Nobody reads any more, as in `dhtnode --help | head -1`.
  process.stdout.on('error', () => {})
  process.stdout.write(`${text}\n`)
}

function complain(message: string, program: string): void {
  process.stderr.write(`${message} (see ${program} --help)\n`)
  process.exitCode = USAGE_STATUS
}
