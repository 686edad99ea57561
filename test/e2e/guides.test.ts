// SPDX-License-Identifier: MIT
// test-timeout-s: 300
// The guides work as they are printed. Each one is followed from top to bottom in a folder of its
// own that has the package as npm packs it: its `js` blocks are files, its `sh` blocks one session
// of a shell. A line `# …` in those is output, where `…` stands for anything. Hosts of the public
// network are one of this session, and ports are free ones. Installing is not done here, see
// release.test.ts. Compiling is in documentation-types.test.ts, links are in links.test.ts.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { decodeMessage } from '../../src/core/wire/decode-message.ts'
import { Message } from '../../src/core/wire/message.ts'
import { startChild, stopChild } from '../support/child.ts'
import { freePort } from '../support/free-port.ts'
import { type CodeBlock, codeBlocks, readText, textPaths } from '../support/markdown.ts'
import { type PackedPackage, packPackage } from '../support/packed-package.ts'
import { fromHex, loadVectors } from '../support/vectors.ts'

const SESSION_TIMEOUT_MS = 120_000
const MARK = '=== end of block'
const guides = textPaths().filter((path) => path.startsWith('docs/guides/'))
const isInstallation = ({ code }: CodeBlock): boolean => /^npm /m.test(code)

describe('guides', () => {
  let packed: PackedPackage
  before(() => {
    packed = packPackage()
    const bin = join(packed.folder, 'node_modules', '.bin')
    mkdirSync(bin)
    for (const tool of ['dhtnode', 'dhtscanner', 'dhtcluster']) {
      symlinkSync(join('..', 'opendht', 'dist', 'cli', `${tool}.js`), join(bin, tool))
      spawnSync('chmod', ['+x', join(bin, tool)])
    }
  })
  after(() => packed?.remove())

  for (const path of guides) {
    it(`${basename(path)} can be followed`, (t) => follow(t, path, packed))
  }
})

describe('blocks of code', () => {
  for (const path of textPaths()) {
    const blocks = codeBlocks(readText(path))
    const shell = blocks.filter(({ info }) => info === 'sh').map(({ code }) => code)
    const scripts = blocks.filter(({ info }) => info === 'js').map(({ code }) => code)
    if (shell.length + scripts.length === 0) continue

    it(`of ${path} have no mistake of grammar`, () => {
      const { status, stderr } = spawnSync('bash', ['-n'], {
        input: shell.join('\n'),
        encoding: 'utf8',
      })
      assert.equal(status, 0, stderr)
      for (const input of scripts) {
        const check = spawnSync(process.execPath, ['--check', '--input-type=module', '-'], {
          input,
          encoding: 'utf8',
        })
        assert.equal(check.status, 0, check.stderr)
      }
    })
  }

  it('of the protocol are what was recorded', () => {
    const { packets } = loadVectors<{ packets: { name: string; hex: string }[] }>(
      'core/packets-4.3.1',
    )
    const { values } = loadVectors<{ values: { name: string; packed: string }[] }>(
      'core/values-4.3.1',
    )
    const recorded = new Map([
      ...packets.map(({ name, hex }) => [name, hex] as const),
      ...values.map(({ name, packed }) => [`value-${name}`, packed] as const),
    ])
    const shown = codeBlocks(readText('docs/protocol.md')).filter(({ info }) => /^hex /.test(info))
    assert.ok(shown.length >= 3)
    for (const { info, code } of shown) {
      const name = info.replace('hex ', '')
      assert.equal(code.replace(/\s/g, ''), recorded.get(name), name)
      if (!name.startsWith('value-')) decodeMessage(new Message(), fromHex(recorded.get(name)!))
    }
  })
})

async function follow(t: TestContext, path: string, packed: PackedPackage): Promise<void> {
  const folder = join(packed.folder, basename(path, '.md'))
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }') // as npm init does
  symlinkSync(join(packed.folder, 'node_modules'), join(folder, 'node_modules'))
  const ports = await freePorts()
  const here = (code: string): string => {
    let text = code.replaceAll('bootstrap.jami.net', 'localhost:4222')
    for (const [printed, free] of ports) text = text.replaceAll(`${printed}`, `${free}`)
    return text
  }
  const blocks = codeBlocks(readText(path))
  for (const { info, code } of blocks) {
    assert.match(info, /^(ts|js|sh)$/, `nothing tests blocks of ${info}`)
    const name = /^\/\/ (\S+\.m?js)\n/.exec(code)?.[1]
    if (info === 'js') writeFileSync(join(folder, name!), here(code))
  }
  const session = blocks.filter((it) => it.info === 'sh' && !isInstallation(it))
  const output = await run(
    t,
    folder,
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
  for (const printed of [4222, 4223, 8080]) ports.set(printed, await freePort())
  return ports
}

/** What the blocks print, with a mark behind each. Ends what they started in the background. */
async function run(t: TestContext, folder: string, blocks: readonly string[]): Promise<string> {
  // A shell that knows the package, as npx does; with the Node.js of the tests.
  const script = [`set -e -o pipefail`, `npx() { "$@"; }`]
  for (const block of blocks) script.push(block, `echo '${MARK}'`)
  const bin = join(folder, 'node_modules', '.bin')
  const node = join(process.execPath, '..')
  const shell = startChild(['bash', '-c', script.join('\n')], {
    cwd: folder,
    env: { PATH: `${bin}:${node}:${process.env['PATH']}` },
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
