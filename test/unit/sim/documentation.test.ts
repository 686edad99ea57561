// SPDX-License-Identifier: MIT
// The examples of docs/simulator.md run as they stand there.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const ROOT = resolve(import.meta.dirname, '../../..')
const ENTRY = pathToFileURL(join(ROOT, 'src/sim/entry.ts')).href
const text = readFileSync(join(ROOT, 'docs/simulator.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'opendht-examples-'))
after(() => rmSync(folder, { recursive: true }))

const examples = [...text.matchAll(/^## Example: (.*)\n\n```ts\n([\s\S]*?)^```$/gm)]

test('there are three of them', () => assert.equal(examples.length, 3))

for (const [i, [, title, code = '']] of examples.entries()) {
  test(`example: ${title}`, async (t) => {
    const file = join(folder, `example-${i}.mts`)
    writeFileSync(file, code.replaceAll("'opendht/sim'", `'${ENTRY}'`))
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 60_000 })
    if (stdout !== '') t.diagnostic(stdout.split('\n')[0]!)
  })
}
