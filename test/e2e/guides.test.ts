// SPDX-License-Identifier: MIT
// test-timeout-s: 300
// The guides work as they are printed, in folders that have the package as npm packs it; that of
// Python in python.test.ts. On the Node.js of the tests, or the one that `OLDEST_NODE` names.
// Installing is not done here, see release.test.ts. Compiling is in documentation-types.test.ts,
// links are in links.test.ts.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { decodeMessage } from '../../src/core/wire/decode-message.ts'
import { Message } from '../../src/core/wire/message.ts'
import { followGuide } from '../support/follow-guide.ts'
import { codeBlocks, readText, textPaths } from '../support/markdown.ts'
import { type PackedPackage, packPackage } from '../support/packed-package.ts'
import { programNode } from '../support/runtimes.ts'
import { fromHex, loadVectors } from '../support/vectors.ts'

const guides = textPaths().filter(
  (path) => path.startsWith('docs/guides/') && path !== 'docs/guides/python.md',
)

describe('guides', { concurrency: 4 }, () => {
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
    it(`${basename(path)} can be followed`, (t) => {
      const folder = join(packed.folder, basename(path, '.md'))
      mkdirSync(folder)
      symlinkSync(join(packed.folder, 'node_modules'), join(folder, 'node_modules'))
      const bin = [join(folder, 'node_modules', '.bin'), dirname(programNode())]
      return followGuide(t, path, { folder, bin })
    })
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
