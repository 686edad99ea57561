// SPDX-License-Identifier: MIT
// The command line program, told its arguments. Loads no more than it needs: `--help` no node.

import type { NodeOptions } from './options.ts'
import { parseCommandLine, UsageError } from './options.ts'

const USAGE_STATUS = 2

/** Runs dhtnode; resolves when it is over, with the exit status set. */
export async function main(args: readonly string[]): Promise<void> {
  const { stdin, stdout, stderr } = process
  let options: NodeOptions
  try {
    const commandLine = parseCommandLine(args)
    if (commandLine.kind !== 'run') {
      const { helpText, versionText } = await import('./help.ts')
      stdout.write(`${commandLine.kind === 'help' ? helpText() : versionText()}\n`)
      return
    }
    options = commandLine.options
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    stderr.write(`${error.message} (see dhtnode --help)\n`)
    process.exitCode = USAGE_STATUS
    return
  }
  const { runNode } = await import('./run-node.ts')
  process.exitCode = await runNode(options, { stdin, stdout, stderr })
}
