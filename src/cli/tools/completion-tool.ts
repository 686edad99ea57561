// SPDX-License-Identifier: MIT
// The table of `opendht completion`.

import { suggestion } from '../../core/util/nearest.ts'
import { type Given, UsageError } from '../given.ts'
import { INFO_FLAGS } from '../node-flags.ts'
import { type ProgramStreams, type Tool, WRONG_USAGE } from '../tool.ts'
import { TOOLS } from './all.ts'

const SHELLS = ['bash', 'zsh', 'fish']

export const COMPLETION: Tool = {
  name: 'completion',
  summary: 'print tab completions for bash, zsh or fish',
  operands: { usage: 'SHELL', max: 1, choices: SHELLS },
  description: [
    'Prints a script that lets the shell complete the tools and their options when you press ' +
      'Tab. SHELL is bash, zsh or fish. Add the line for your shell to its startup file.',
  ],
  examples: [
    { what: 'In ~/.bashrc', command: 'source <(opendht completion bash)' },
    { what: 'In ~/.zshrc, after compinit', command: 'source <(opendht completion zsh)' },
    { what: 'In config.fish', command: 'opendht completion fish | source' },
  ],
  flags: INFO_FLAGS,
  exitStatuses: [{ status: 0, meaning: 'printed' }, WRONG_USAGE],
  isInternal: true,
  async run({ operands }: Given, { stdout }: ProgramStreams): Promise<number> {
    const [shell] = operands
    if (shell === undefined) throw new UsageError(`Which shell? One of ${SHELLS.join(', ')}`)
    if (!SHELLS.includes(shell)) {
      const hint = suggestion(shell, SHELLS)
      throw new UsageError(`Unknown shell: ${shell} (one of ${SHELLS.join(', ')})${hint}`)
    }
    const { completionScript } = await import('../completion/completion.ts')
    stdout.on('error', () => {})
    stdout.write(completionScript(shell as 'bash' | 'zsh' | 'fish', TOOLS))
    return 0
  },
}
