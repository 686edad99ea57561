// SPDX-License-Identifier: MIT
// What a failed simulation tells its user to type brings the same failure again.

import assert from 'node:assert/strict'
import { exec, execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { ownCommand } from '../../../src/sim/sim-error.ts'

const ENTRY = pathToFileURL(resolve(import.meta.dirname, '../../../src/sim/entry.ts')).href
const folder = mkdtempSync(join(tmpdir(), 'opendht-replay-'))
after(() => rmSync(folder, { recursive: true }))

/** Fails at a time that its seed decides. */
const TEST = `
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '${ENTRY}'
test('an application', () =>
  simulate({ link: { loss: 0.1 } }, async (sim) => {
    const nodes = sim.addNodes(8, { overMs: 1000 })
    await sim.run(5000)
    await sim.until(nodes[5].put('key', 'value'))
    assert.fail(process.argv.at(-1))
  }))
`

describe('the command of an error', () => {
  test('replays the failure of a test file, as it is printed', async () => {
    writeFileSync(join(folder, 'a test.mjs'), TEST)
    const env = { ...process.env, OPENDHT_SIM_SEED: '', NODE_TEST_CONTEXT: undefined }
    const path = `${dirname(process.execPath)}:${process.env.PATH}`
    const options = { cwd: folder, env: { ...env, PATH: path } }
    const first = await failureOf(
      promisify(execFile)(process.execPath, ['--test', 'a test.mjs'], options),
    )
    const seen = /an? test.mjs\n +(seed .*); replay: (OPENDHT_SIM_SEED=\d+ node 'a test.mjs')/
    const [, place, command] = seen.exec(first) ?? assert.fail(first)
    const second = await failureOf(promisify(exec)(command!, options))
    assert.equal(seen.exec(second)?.[1], place)
  })

  test('is what started Node.js, for a shell', () => {
    const cwd = (): string => '/home/me/app'
    const of = (...argv: string[]) => ownCommand({ process: { argv, cwd } })
    assert.equal(of('/usr/bin/node', '/home/me/app/test/a.ts'), 'node test/a.ts')
    assert.equal(of('/usr/bin/node', '/tmp/b.mjs', '--n', "it's"), "node /tmp/b.mjs --n 'it'\\''s'")
    assert.equal(of('C:\\node\\node.exe', 'a.js'), 'node a.js')
    assert.equal(of('/usr/bin/bun', '/home/me/app/a.ts'), undefined)
    assert.equal(of('/usr/bin/node', '/home/me/app/node_modules/r/worker.js'), undefined)
    assert.equal(of('/usr/bin/node'), undefined)
    assert.equal(ownCommand({}), undefined)
  })

  test('is left to the user where nobody knows it', async () => {
    const code = `
      import { simulate } from '${ENTRY}'
      await simulate({ seed: 7 }, () => { throw new Error('wrong') })`
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', code])
    const text = 'SimError: wrong\n  seed 7, 0.000 s of virtual time; replay: the same with '
    assert.ok((await failureOf(run)).includes(`${text}OPENDHT_SIM_SEED=7\n`))
  })
})

async function failureOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => assert.fail('it passed'),
    (reason: unknown) => reason,
  )
  const { stdout, stderr } = error as { stdout?: string; stderr?: string }
  return `${stdout}${stderr}`
}
