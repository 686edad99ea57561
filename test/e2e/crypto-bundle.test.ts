// SPDX-License-Identifier: MIT
// The threads of the crypto layer start from the text of a function. This holds after bundling and
// minifying, as in the package and in applications that bundle it, and without leave for threads.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'
import { runtimes } from '../support/runtimes.ts'

const ROOT = resolve(import.meta.dirname, '..', '..')
const run = promisify(execFile)

/** Prints what it decrypted, and how much of that was done outside the thread. */
const PROGRAM = `
import { PrivateKey } from './private-key.js'
import { rsaTask } from './rsa-block.js'
const key = await PrivateKey.generate({ bits: 2048 })
const data = await key.decrypt(key.publicKey.encrypt(Buffer.from('hello')))
console.log(Buffer.from(data).toString(), rsaTask.stats.here)
`

/** Prints whether Argon2 in JavaScript gives what was recorded of the original. */
const PASSWORD_PROGRAM = `
import { argon2iPortable } from './argon2.js'
const key = await argon2iPortable(Buffer.from('password'), Buffer.from('0123456789abcdef'))
console.log(Buffer.from(key).toString('hex').slice(0, 16))
`

const directory = mkdtempSync(join(tmpdir(), 'opendht-bundle-'))
after(() => rmSync(directory, { recursive: true }))
symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
writeFileSync(join(directory, 'program.js'), PROGRAM)
writeFileSync(join(directory, 'password-program.js'), PASSWORD_PROGRAM)

const names = ['private-key', 'rsa-block', 'argon2']
const bundle = await rolldown({
  input: Object.fromEntries(names.map((name) => [name, join(ROOT, 'src', 'crypto', `${name}.ts`)])),
  platform: 'node',
  external: [/^node:/, /^@noble\/hashes/],
})
await bundle.write({ dir: directory, minify: true })

for (const [name, path] of runtimes()) {
  test(`a minified bundle decrypts in a thread on ${name}`, async () => {
    const { stdout } = await run(path, [join(directory, 'program.js')])
    assert.equal(stdout, 'hello 0\n')
  })
}

test('without leave for threads it decrypts on the event loop', async () => {
  const leave = ['--permission', '--allow-fs-read=*']
  const { stdout } = await run(process.execPath, [...leave, join(directory, 'program.js')])
  assert.equal(stdout, 'hello 1\n')
})

test('a thread of a bundle finds the package that it needs', async () => {
  const { stdout } = await run(process.execPath, [join(directory, 'password-program.js')])
  assert.equal(stdout, '1b7efce7b1851b05\n')
})
