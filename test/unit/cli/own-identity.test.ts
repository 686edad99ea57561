// SPDX-License-Identifier: MIT
// The files that an identity is read from and kept in, and what is said when they are of no use.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { IdentitySource, PasswordSource } from '../../../src/cli/options.ts'
import { openIdentity } from '../../../src/cli/own-identity.ts'
import { Identity } from '../../../src/crypto/identity.ts'

const PASSWORD = 'correct horse'
const folder = mkdtempSync(join(tmpdir(), 'dhtnode-identity-'))
const file = (name: string) => join(folder, name)
let alice: Identity

before(async () => {
  alice = await Identity.generate({ name: 'alice', bits: 2048 })
  const { privateKey, certificate } = alice
  await alice.save(file('alice'))
  await alice.save(file('locked'), { password: PASSWORD })
  await writeFile(file('alice.key.der'), privateKey!.toDer())
  await writeFile(file('alice.crt.der'), certificate.toDer())
  await (await Identity.generate({ name: 'bob', bits: 2048 })).save(file('bob'))
  await writeFile(file('password'), `${PASSWORD}\r\nthe rest does not count\n`)
  await writeFile(file('empty'), '')
  await writeFile(file('large'), new Uint8Array(200_000))
  await writeFile(file('cut.pem'), readFileSync(file('alice.pem')).subarray(0, 500))
  await writeFile(file('cut.crt'), readFileSync(file('alice.crt')).subarray(0, 500))
})
after(() => rmSync(folder, { recursive: true }))

interface Opened {
  readonly identity: Identity
  readonly lines: string[]
  readonly errors: string[]
}

async function open(source: IdentitySource, signal = new AbortController().signal) {
  const lines: string[] = []
  const errors: string[] = []
  const out = {
    line: (text: string) => lines.push(text),
    error: (text: string) => errors.push(text),
  }
  const identity = await openIdentity(source, out, signal)
  return { identity, lines, errors } satisfies Opened
}

function load(certificate: string, privateKey: string, password?: PasswordSource): Promise<Opened> {
  const files = { certificate: file(certificate), privateKey: file(privateKey) }
  return open({ kind: 'files', ...files, ...(password && { password }) })
}

function keep(prefix: string, password?: PasswordSource): Promise<Opened> {
  return open({ kind: 'kept', prefix: file(prefix), ...(password && { password }) })
}

/** One line about this file, and then what is wrong. */
async function refused(opening: Promise<Opened>, name: string, problem: RegExp): Promise<void> {
  await assert.rejects(opening, (error: Error) => {
    assert.ok(!error.message.includes('\n'), 'one line')
    const start = `Cannot use ${file(name)} as `
    assert.equal(error.message.slice(0, start.length), start)
    assert.match(error.message.slice(start.length), problem)
    return true
  })
}

describe('an identity from files', () => {
  test('may be PEM or DER, and encrypted', async () => {
    const password = { text: PASSWORD }
    for (const opening of [
      load('alice.crt', 'alice.pem'),
      load('alice.crt.der', 'alice.key.der'),
      load('locked.crt', 'locked.pem', password),
      load('locked.crt', 'locked.pem', { file: file('password') }),
    ]) {
      const { identity, lines, errors } = await opening
      assert.ok(identity.id.equals(alice.id))
      assert.ok(identity.privateKey!.publicKey.equals(alice.publicKey))
      assert.deepEqual([lines, errors], [[], []])
    }
  })

  test('says when a password is not needed', async () => {
    const { errors } = await load('alice.crt', 'alice.pem', { text: 'x' })
    assert.deepEqual(errors, [`${file('alice.pem')} is not encrypted: its password is not needed`])
  })

  test('needs files that can be read', async () => {
    await refused(load('none', 'alice.pem'), 'none', /^a certificate: ENOENT: no such file[^']*$/)
    await refused(load('alice.crt', 'none'), 'none', /^a private key: ENOENT: no such file[^']*$/)
    await refused(load('.', 'alice.pem'), '.', /^a certificate: EISDIR: [^,]*$/)
    await refused(
      load('large', 'alice.pem'),
      'large',
      /^a certificate: it has more than \d+ bytes$/,
    )
    await symlink('/dev/zero', file('endless'))
    await refused(load('alice.crt', 'endless'), 'endless', /: it has more than \d+ bytes$/)
  })

  test('needs whole keys and certificates, each in its place', async () => {
    await refused(load('cut.crt', 'alice.pem'), 'cut.crt', /^a certificate: it is truncated$/)
    await refused(
      load('alice.crt', 'cut.pem'),
      'cut.pem',
      /^a private key: expected .* no whole PEM/,
    )
    await refused(load('empty', 'alice.pem'), 'empty', /^a certificate: there is none/)
    await refused(load('alice.crt', 'empty'), 'empty', /^a private key: expected /)
    await refused(load('alice.pem', 'alice.crt'), 'alice.pem', /^a certificate: there is none/)
    await refused(load('alice.crt', 'alice.crt'), 'alice.crt', /^a private key: expected .*"CERTIF/)
  })

  test('needs the right password', async () => {
    const locked = (password?: PasswordSource) => load('locked.crt', 'locked.pem', password)
    await refused(locked(), 'locked.pem', /^a private key: .* a password is expected .*-file\)$/)
    await refused(locked({ text: 'x' }), 'locked.pem', /^a private key: the password is not the e/)
    await refused(locked({ file: file('empty') }), 'empty', /^a password file: it is empty$/)
    await refused(locked({ file: file('none') }), 'none', /^a password file: ENOENT: /)
  })

  test('needs the key of this certificate', async () => {
    const expected = `the key of ${file('bob.crt')}: `
    await refused(load('bob.crt', 'alice.pem'), 'alice.pem', new RegExp(`^${expected}`))
  })

  test('needs a certificate that is valid now', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 11 * 365 * 86_400_000 })
    await refused(
      load('alice.crt', 'alice.pem'),
      'alice.crt',
      /^a valid certificate: .*"alice" expired at /,
    )
  })
})

describe('a kept identity', () => {
  test('is made and saved at first, then read', async () => {
    const first = await keep('me', { text: PASSWORD })
    const files = ['me.pem', 'me.crt', 'me_ca.pem', 'me_ca.crt']
    assert.deepEqual(first.lines, [
      'Generating an identity, which may take some seconds',
      `Identity saved: ${files.map(file).join(', ')}`,
    ])
    const { certificate, publicKey } = first.identity
    assert.deepEqual([publicKey.type, publicKey.bits], ['rsa', 4096])
    assert.deepEqual([certificate.name, certificate.isCa], ['DHT Node', false])
    const { issuer } = certificate
    assert.deepEqual(
      [issuer!.name, issuer!.isCa, issuer!.publicKey.type],
      ['DHT Node CA', true, 'ec'],
    )
    assert.ok(certificate.isSignedBy(issuer!.publicKey))
    for (const name of ['me.pem', 'me_ca.pem']) {
      assert.equal(statSync(file(name)).mode & 0o777, 0o600, name)
      assert.match(readFileSync(file(name), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
    }
    const ca = await Identity.load(file('me_ca'), PASSWORD)
    assert.ok(ca.id.equals(issuer!.id))

    const second = await keep('me', { text: PASSWORD })
    assert.ok(second.identity.certificate.equals(certificate))
    assert.ok(second.identity.certificate.issuer!.equals(issuer!))
    assert.deepEqual(second.lines, [`Identity loaded: ${file('me.pem')}, ${file('me.crt')}`])
    await refused(keep('me'), 'me.pem', /a password is expected/)
    await rm(file('me_ca.pem'))
    assert.ok((await keep('me', { text: PASSWORD })).identity.id.equals(publicKey.id))
  })

  test('is not made when some of its files are there already', async () => {
    for (const [i, ending] of ['.pem', '.crt', '_ca.pem', '_ca.crt'].entries()) {
      await copyFile(file('alice.crt'), file(`half${i}${ending}`))
      const prefix = file(`half${i}`)
      const message = `Cannot save an identity as ${prefix}: ${prefix}${ending} exist already, but `
      await assert.rejects(keep(`half${i}`), (error: Error) => error.message.startsWith(message))
    }
  })

  test('is not made when it cannot be saved', async () => {
    const missing = file('nowhere')
    await refused(keep('nowhere/me'), 'nowhere', /^the folder of an identity: ENOENT: [^']*$/)
    assert.ok(!existsSync(missing))
  })

  test('is not saved when the program is told to end meanwhile', async () => {
    const stop = new AbortController()
    await mkdir(file('stopped'))
    const source = { kind: 'kept', prefix: file('stopped/me') } as const
    const opening = open(source, stop.signal)
    stop.abort()
    await assert.rejects(opening, { name: 'AbortError' })
    assert.deepEqual(readdirSync(file('stopped')), [])
  })
})
