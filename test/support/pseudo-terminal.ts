// SPDX-License-Identifier: MIT
// Runs a program at a keyboard that is not there: a pseudo-terminal, which Python opens.

import { spawnSync } from 'node:child_process'

/** Lines end in a line feed alone, so that tests read terminals and pipes alike. */
const SCRIPT = `
import os, pty, sys
read = lambda fd: os.read(fd, 65536).replace(b"\\r\\n", b"\\n")
status = pty.spawn(sys.argv[1:], read)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
`

/** To be put before a command. */
export const AT_TERMINAL: readonly string[] = ['python3', '-c', SCRIPT]

/** False when it can be used, else the reason to skip. */
export function terminalMissing(): string | false {
  if (process.platform === 'win32') return 'there are no pseudo-terminals'
  const { status } = spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode(0)'])
  return status !== 0 && 'python3 is not installed'
}

/** What was written, without colours and movements of the cursor. */
export function withoutEscapes(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
  return output.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '')
}
