// SPDX-License-Identifier: MIT
// test-timeout-s: 300
// The first example of the README, and that of identities in docs/library.md, run as they are
// printed; the latter a second time with the saved files too.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { codeBlocks, readText } from '../support/markdown.ts'
import { startProgram } from '../support/output-of.ts'

const ENTRY = new URL('../../src/nodejs/entry.ts', import.meta.url)

test('the first example puts, gets and listens', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'))
  t.after(() => rm(folder, { recursive: true }))
  const node = await DhtRunner.start({ port: 0, bind4: '127.0.0.1', bind6: false })
  t.after(() => node.close())
  const [example] = codeBlocks(readText('README.md')).filter(({ info }) => info === 'ts')
  const here = example!.code
    .replace("'opendht'", `'${ENTRY}'`)
    .replace('bootstrap.jami.net', `127.0.0.1:${node.port4}`)
    .replace('{ bootstrap:', '{ port: 0, bootstrap:')
  await writeFile(join(folder, 'example.ts'), here)
  const program = startProgram(t, [process.execPath, join(folder, 'example.ts')])
  await program.until(/^\d+n some binary data$/m)
})

test('the example of identities and registers works', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'))
  t.after(() => rm(folder, { recursive: true }))
  const blocks = codeBlocks(readText('docs/library.md')).map(({ code }) => code)
  const code = blocks.find((it) => it.includes('putEncrypted'))
  const local = code?.replace("'opendht'", `'${ENTRY}'`)
  await writeFile(join(folder, 'example.ts'), local!)
  const run = () => promisify(execFile)(process.execPath, ['example.ts'], { cwd: folder })
  for (const { stdout } of [await run(), await run()]) {
    const [news, letter] = stdout.split('\n')
    assert.match(news!, /^InfoHash\([0-9a-f]{40}\) 1 second$/)
    assert.match(letter!, /^from [0-9a-f]{40}: for your eyes only$/)
    assert.match(stdout, /revision: 0/)
  }
  assert.deepEqual((await readdir(folder)).sort(), ['alice.crt', 'alice.pem', 'example.ts'])
  await writeFile(join(folder, 'example.ts'), local!.replace('correct horse', 'wrong'))
  await assert.rejects(run(), /ERR_CRYPTO_PASSWORD/)
})
