// SPDX-License-Identifier: MIT
// Tab in zsh and fish, with the scripts that `opendht completion` prints. Those for bash are tried
// by the unit tests of the tools.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { completionScript } from '../../src/cli/completion/completion.ts'
import { TOOLS } from '../../src/cli/tools/all.ts'
import { temporaryFolder } from '../support/cli-kit.ts'

const missing = (shell: string): string | false =>
  spawnSync(shell, ['--version']).status !== 0 && `${shell} is not installed`

interface Scripts {
  readonly folder: string
  readonly script: string
}

function scriptFor(t: TestContext, shell: 'zsh' | 'fish'): Scripts {
  const folder = temporaryFolder(t)
  const script = join(folder, 'script')
  writeFileSync(script, completionScript(shell, TOOLS))
  const { stderr } = spawnSync(shell, ['-n', script], { encoding: 'utf8' })
  assert.equal(stderr, '', 'the syntax is right')
  return { folder, script }
}

/** What is typed, and the line after Tab. */
const LINES: readonly [typed: string, completed: string][] = [
  ['opendht dhts', 'opendht dhtscanner '],
  ['dhtnode --bootstrap-', 'dhtnode --bootstrap-mode '],
  ['opendht dhtscanner --js', 'opendht dhtscanner --json '],
  ['opendht completion f', 'opendht completion fish '],
  ['dhtnode -v --syl', 'dhtnode -v --syl'],
  ['dhtnode -l scr', 'dhtnode -l script '],
  ['dhtnode --persist scr', 'dhtnode --persist script '],
  ['dhtnode --logfile=scr', 'dhtnode --logfile=script '],
  ['dhtnode --push-format=2', 'dhtnode --push-format=2.4 '],
  ['dhtnode -b a --bootstrap-', 'dhtnode -b a --bootstrap-mode '],
  ['dhtnode --proxyclient a --devi', 'dhtnode --proxyclient a --devicekey='],
  ['dhtnode --proxyclient a --proxycl', 'dhtnode --proxyclient a --proxyclient='],
]

test('completions work in fish', { skip: missing('fish') }, (t) => {
  const { folder, script } = scriptFor(t, 'fish')
  const complete = (line: string): string[] => {
    const command = `source ${script}; complete -C '${line}'`
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', command], {
      encoding: 'utf8',
      cwd: folder,
    })
    assert.equal(stderr, '')
    const words = stdout.split('\n').map((it) => it.split('\t')[0] ?? '')
    return words.filter((word) => word !== '')
  }
  for (const [typed, completed] of LINES) {
    // It leaves the equals sign away, behind which zsh waits for the argument.
    const word = completed.trimEnd().split(' ').at(-1)?.replace(/=$/, '')
    const expected = completed === typed ? [] : [word]
    assert.deepEqual(complete(typed), expected, typed)
  }
  assert.deepEqual(complete('dhtnode --bind'), ['--bind4', '--bind6'])
  const tools = TOOLS.map(({ name }) => name)
  assert.deepEqual(complete('opendht ').toSorted(), tools.toSorted())
})

/** An interactive shell at a terminal, where Ctrl-X prints the line instead of running it. */
const ZSH = `
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell "PROMPT=; stty -echo; autoload -U compinit; compinit -u -D; source $1
  report() { print; print -r -- \\"<\\$BUFFER>\\"; BUFFER= }; zle -N report; bindkey '^X' report
  print READY$((1 + 1))"
zpty -r -m shell output '*READY2*'
shift
for line; do
  zpty -w -n shell "$line"$'\\t\\C-x'
  zpty -r -m shell output '*<*>*'
  print -r -- "$output"
done
`

test('completions work in zsh', { skip: missing('zsh') }, (t) => {
  const { folder, script } = scriptFor(t, 'zsh')
  const typed = LINES.map(([line]) => line)
  const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', ZSH, 'zsh', script, ...typed], {
    encoding: 'utf8',
    cwd: folder,
    timeout: 60_000,
  })
  assert.equal(stderr, '')
  const lines = [...stdout.matchAll(/<(.*)>/g)].map(([, line]) => line)
  assert.deepEqual(
    lines,
    LINES.map(([, completed]) => completed),
  )
})
