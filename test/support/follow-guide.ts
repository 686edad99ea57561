// SPDX-License-Identifier: MIT
// Follows a guide from top to bottom: its blocks of programs are files, its `sh` blocks one session
// of a shell. A line `# …` in those is output, where `…` stands for anything. Hosts of the public
// network are one of this session, and ports are free ones. What it installs is at hand already.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { startChild, stopChild } from './child.ts'
import { freePort } from './free-port.ts'
import { type CodeBlock, codeBlocks, readText } from './markdown.ts'

const SESSION_TIMEOUT_MS = 120_000
const MARK = '=== end of block'
const isInstallation = ({ code }: CodeBlock): boolean => /^(npm|pip) /m.test(code)

export interface GuidePlace {
  /** Where its files go, and its session begins. */
  readonly folder: string
  /** Folders of the programs that it installs. */
  readonly bin: readonly string[]
}

export async function followGuide(t: TestContext, path: string, place: GuidePlace): Promise<void> {
  const { folder } = place
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }') // as npm init does
  const ports = await freePorts()
  const here = (code: string): string =>
    code
      .replaceAll('bootstrap.jami.net', 'localhost:4222')
      .replace(/\b\d{4}\b/g, (number) => `${ports.get(Number(number)) ?? number}`)
  const blocks = codeBlocks(readText(path))
  for (const { info, code } of blocks) {
    assert.match(info, /^(ts|js|python|sh)$/, `nothing tests blocks of ${info}`)
    const name = /^(?:\/\/|#) (\S+\.(?:m?js|py))\n/.exec(code)?.[1]
    if (info === 'js' || info === 'python') writeFileSync(join(folder, name!), here(code))
  }
  const session = blocks.filter((it) => it.info === 'sh' && !isInstallation(it))
  const output = await run(
    t,
    place,
    session.map(({ code }) => here(code)),
  )
  const printed = output.split(`${MARK}\n`)
  assert.equal(printed.length, session.length + 1, output)
  for (const [i, { code }] of session.entries()) {
    for (const [, line = ''] of here(code).matchAll(/^# (.*)$/gm)) {
      const parts = line
        .split('…')
        .map((part) => part.trim().replace(/[[\](){}.*+?^$|\\]/g, '\\$&'))
      assert.match(printed[i]!, new RegExp(parts.join('.*')), code)
    }
  }
}

/** For those that the guides name. */
async function freePorts(): Promise<Map<number, number>> {
  const ports = new Map<number, number>()
  for (const printed of [4222, 4223, 8080, 9000]) ports.set(printed, await freePort())
  return ports
}

/** What the blocks print, with a mark behind each. Ends what they started in the background. */
async function run(t: TestContext, place: GuidePlace, blocks: readonly string[]): Promise<string> {
  // A shell that knows the package, as npx does, and nothing of the test around it.
  const script = ['set -e -o pipefail', 'unset NODE_TEST_CONTEXT', 'npx() { "$@"; }']
  script.push('trap "kill \\$(jobs -p) 2>/dev/null || true" EXIT')
  for (const block of blocks) script.push(block, `echo '${MARK}'`)
  const shell = startChild(['bash', '-c', script.join('\n')], {
    cwd: place.folder,
    // Simulations are the same each time.
    env: { PATH: [...place.bin, process.env['PATH']].join(delimiter), OPENDHT_SIM_SEED: '1' },
  })
  shell.stdin.end()
  let output = ''
  let errors = ''
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  shell.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  t.after(() => {
    for (const [, pid] of output.matchAll(/^Running in the background: process (\d+)$/gm)) {
      process.kill(Number(pid), 'SIGTERM')
    }
  })
  const timer = setTimeout(() => shell.kill('SIGKILL'), SESSION_TIMEOUT_MS)
  const status = await new Promise((resolve) => shell.once('close', resolve))
  clearTimeout(timer)
  await stopChild(shell, 0)
  assert.equal(status, 0, `${output}\n${errors}`)
  return output
}
