// SPDX-License-Identifier: MIT
// The README's example of identities runs as it is printed, a second time with the saved files too.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const README = new URL('../../README.md', import.meta.url)
const ENTRY = new URL('../../src/nodejs/entry.ts', import.meta.url)

test('the example of identities and registers works', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'))
  t.after(() => rm(folder, { recursive: true }))
  const blocks = (await readFile(README, 'utf8')).matchAll(/```ts\n(.*?)```/gs)
  const code = [...blocks].map(([, block]) => block!).find((it) => it.includes('putEncrypted'))
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
