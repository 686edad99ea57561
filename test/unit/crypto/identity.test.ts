// SPDX-License-Identifier: MIT
// Identities: made, read, kept in files that are never half written.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { Identity } from '../../../src/crypto/identity.ts'
import { DAY_MS, makeIdentity } from '../../support/certificate-kit.ts'

const ca = await Identity.generate({ name: 'ca', type: 'ec' })
const first = await Identity.generate({ name: 'first', type: 'ec', issuer: ca })
const second = await Identity.generate({ name: 'second', type: 'ec', issuer: ca })

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'opendht-identity-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return join(directory, 'node')
}

async function assertSaved(path: string, { certificate, privateKey }: Identity): Promise<void> {
  assert.equal(await readFile(`${path}.crt`, 'utf8'), certificate.toPem())
  assert.equal(await readFile(`${path}.pem`, 'utf8'), await privateKey!.toPem())
}

suite('identities', () => {
  test('are authorities without an issuer, and leaves with one', async () => {
    assert.equal(ca.certificate.isCa, true)
    assert.equal(ca.certificate.issuer, undefined)
    assert.equal(first.certificate.isCa, false)
    assert.equal(first.certificate.issuer, ca.certificate)
    const leaf = await Identity.generate({ type: 'ec', isCa: false })
    assert.equal(leaf.certificate.isCa, false)
    assert.equal(leaf.certificate.name, 'dhtnode')
    const options = { type: 'ec', issuer: ca, isCa: true, validityMs: DAY_MS } as const
    const { certificate } = await Identity.generate(options)
    assert.equal(certificate.isCa, true)
    assert.equal(+certificate.notAfter - +certificate.notBefore, DAY_MS)
  })

  test('have an RSA key by default, of the size that is asked for', async () => {
    const { publicKey, privateKey } = await Identity.generate({ bits: 2048 })
    assert.deepEqual([publicKey.type, publicKey.bits], ['rsa', 2048])
    assert.ok(privateKey!.publicKey.equals(publicKey))
  })

  test('are not made with options that lead to no certificate', async () => {
    const start = performance.now()
    await assert.rejects(Identity.generate({ bits: 8192, name: '' }), RangeError)
    await assert.rejects(Identity.generate({ bits: 8192, validityMs: 0 }), RangeError)
    const error = { code: 'ERR_CRYPTO_CERTIFICATE' }
    await assert.rejects(Identity.generate({ bits: 8192, issuer: first }), error)
    assert.ok(performance.now() - start < 2000, 'no key was made')
  })

  test('have the ids of their key, and a node id made of it', () => {
    assert.ok(first.id.equals(first.publicKey.id))
    assert.ok(first.longId.equals(first.publicKey.longId))
    assert.ok(first.nodeId.equals(InfoHash.get(`node:${first.id}`)))
  })

  test('are read from bytes and texts, also without a key', async () => {
    const { certificate, privateKey } = first
    const password = 'pässword'
    const inputs = [
      { privateKey: await privateKey!.toPem(), certificate: certificate.toPem() },
      { privateKey: privateKey!.toDer(), certificate: certificate.packed },
      { privateKey: await privateKey!.toPem(password), certificate: certificate.packed, password },
    ]
    for (const input of inputs) {
      const identity = await Identity.from(input)
      assert.equal(identity.certificate.toPem(), certificate.toPem())
      assert.deepEqual(identity.privateKey!.toDer(), privateKey!.toDer())
    }
    const known = await Identity.from({ certificate: certificate.toDer() })
    assert.equal(known.privateKey, undefined)
    assert.ok(known.id.equals(first.id))
  })

  test('are refused when key and certificate do not belong together', async () => {
    const { certificate } = first
    const error = {
      code: 'ERR_CRYPTO_MISMATCH',
      message: new RegExp(`^The private key ${second.id} is not that of the certificate "first"`),
    }
    assert.throws(() => new Identity(second.privateKey, certificate), error)
    const privateKey = await second.privateKey!.toPem()
    await assert.rejects(Identity.from({ privateKey, certificate: certificate.toPem() }), error)
  })

  test('are read when they have expired, and say so when they are checked', async () => {
    const expired = await makeIdentity('old', { fromMs: -2 * DAY_MS, toMs: -DAY_MS })
    const identity = await Identity.from({ certificate: expired.certificate.packed })
    const error = { code: 'ERR_CRYPTO_EXPIRED', message: /^The certificate "old" expired at / }
    assert.throws(() => identity.check(), error)
    identity.check(new Date(Date.now() - 1.5 * DAY_MS))
    first.check()
    assert.throws(() => first.check(new Date(0)), { code: 'ERR_CRYPTO_EXPIRED' })
  })
})

suite('files of identities', () => {
  test('hold the key for their owner alone, and the whole chain', async (t) => {
    const path = await scratch(t)
    await first.save(path)
    await assertSaved(path, first)
    assert.equal((await stat(`${path}.pem`)).mode & 0o777, 0o600)
    assert.equal((await stat(`${path}.crt`)).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(join(path, '..')), ['node.crt', 'node.pem'])

    const loaded = await Identity.load(path)
    assert.deepEqual(loaded.privateKey!.toDer(), first.privateKey!.toDer())
    assert.equal(loaded.certificate.chain().length, 2)
  })

  test('are not written for a misspelt password, nor without a path', async (t) => {
    const path = await scratch(t)
    const typeError = { name: 'TypeError' }
    for (const options of ['secret', { passwd: 'secret' }, null, { password: 5 }]) {
      await assert.rejects(first.save(path, options as never), typeError)
      if (options !== 'secret' && options !== null) {
        await assert.rejects(Identity.load(path, options as never), typeError)
      }
    }
    await assert.rejects(first.save(undefined as never), { ...typeError, message: /^path must/ })
    await assert.rejects(Identity.load(''), { ...typeError, message: /^path must/ })
    assert.deepEqual(await readdir(join(path, '..')), [])
  })

  test('are read with the password in either form', async (t) => {
    const path = await scratch(t)
    await first.save(path, { password: 'secret' })
    for (const password of ['secret', { password: 'secret' }]) {
      assert.ok((await Identity.load(path, password)).publicKey.equals(first.publicKey))
    }
  })

  test('keep the key under a password', async (t) => {
    const path = await scratch(t)
    await first.save(path, { password: 'secret' })
    assert.match(await readFile(`${path}.pem`, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    assert.ok((await Identity.load(path, 'secret')).id.equals(first.id))
    await assert.rejects(Identity.load(path, 'wrong'), { code: 'ERR_CRYPTO_PASSWORD' })
    await assert.rejects(Identity.load(path), { code: 'ERR_CRYPTO_PASSWORD' })
  })

  test('are not replaced unless that is wanted', async (t) => {
    const path = await scratch(t)
    await first.save(path)
    const message = `Cannot write "${path}.pem": it exists, and overwrite is not set`
    await assert.rejects(second.save(path), { code: 'ERR_CRYPTO_FILE', message })
    await rm(`${path}.pem`)
    await assert.rejects(second.save(path), {
      code: 'ERR_CRYPTO_FILE',
      message: /\.crt": it exists/,
    })
    assert.deepEqual(await readdir(join(path, '..')), ['node.crt'])

    await first.save(path, { overwrite: true })
    await second.save(path, { overwrite: true })
    await assertSaved(path, second)
    assert.deepEqual(await readdir(join(path, '..')), ['node.crt', 'node.pem'])
  })

  test('are as before when the second one cannot be replaced', async (t) => {
    const path = await scratch(t)
    await mkdir(`${path}.pem`)
    await writeFile(`${path}.pem/occupied`, '')
    await writeFile(`${path}.crt`, first.certificate.toPem())
    const error = { code: 'ERR_CRYPTO_FILE', message: /^Cannot write ".*node\.pem": E[A-Z]+$/ }
    await assert.rejects(second.save(path, { overwrite: true }), error)
    assert.equal(await readFile(`${path}.crt`, 'utf8'), first.certificate.toPem())
    assert.deepEqual(await readdir(join(path, '..')), ['node.crt', 'node.pem'])

    await rm(`${path}.crt`)
    await assert.rejects(second.save(path, { overwrite: true }), error)
    assert.deepEqual(await readdir(join(path, '..')), ['node.pem'])
  })

  test('do not follow what a crash or somebody else has left', async (t) => {
    const path = await scratch(t)
    const victim = join(path, '..', 'victim')
    await writeFile(victim, 'mine')
    await symlink(victim, `${path}.pem.new`)
    await writeFile(`${path}.crt.new`, 'half', { mode: 0o666 })
    await writeFile(`${path}.crt.old`, 'older')
    const before = await readdir(join(path, '..'))
    await first.save(path)
    await second.save(path, { overwrite: true })
    await assertSaved(path, second)
    assert.equal(await readFile(victim, 'utf8'), 'mine')
    assert.equal(await readFile(`${path}.crt.old`, 'utf8'), 'older')
    const after = [...before, 'node.crt', 'node.pem'].sort()
    assert.deepEqual(await readdir(join(path, '..')), after)
  })

  test('belong together after saves at the same time', async (t) => {
    const path = await scratch(t)
    for (let round = 0; round < 20; round++) {
      const alias = relative('.', path)
      const saves = [first.save(path, { overwrite: true }), second.save(alias, { overwrite: true })]
      await Promise.all(saves)
      const { id } = await Identity.load(path)
      assert.ok(id.equals(first.id) || id.equals(second.id))
      assert.deepEqual(await readdir(join(path, '..')), ['node.crt', 'node.pem'])
    }
  })

  test('are those of one save if several at the same time may not overwrite', async (t) => {
    const path = await scratch(t)
    const identities = [first, second, first]
    const results = await Promise.allSettled(identities.map((it) => it.save(path)))
    const saved = results.findIndex(({ status }) => status === 'fulfilled')
    assert.equal(results.filter(({ status }) => status === 'rejected').length, 2)
    await assertSaved(path, identities[saved]!)
    assert.deepEqual(await readdir(join(path, '..')), ['node.crt', 'node.pem'])
    await rm(`${path}.pem`)
    await rm(`${path}.crt`)
    await second.save(path)
    await assertSaved(path, second)
  })

  test('that cannot be read or written are named', async (t) => {
    const path = await scratch(t)
    const missing = `Cannot read "${path}.pem": ENOENT`
    await assert.rejects(Identity.load(path), { code: 'ERR_CRYPTO_FILE', message: missing })
    await writeFile(`${path}.pem`, await first.privateKey!.toPem())
    await assert.rejects(Identity.load(path), { code: 'ERR_CRYPTO_FILE', message: /crt": ENOENT$/ })
    await writeFile(`${path}.crt`, Buffer.alloc(70_000))
    await assert.rejects(Identity.load(path), {
      code: 'ERR_CRYPTO_FILE',
      message: /more than 65536/,
    })
    await writeFile(`${path}.crt`, 'nothing')
    await assert.rejects(Identity.load(path), { code: 'ERR_CRYPTO_CERTIFICATE' })

    const nowhere = join(path, 'below', 'nowhere')
    const message = `Cannot write "${nowhere}.pem": ENOENT`
    await assert.rejects(first.save(nowhere), { code: 'ERR_CRYPTO_FILE', message })
  })

  test('are not written without a key', async (t) => {
    const path = await scratch(t)
    const error = { code: 'ERR_CRYPTO_NO_IDENTITY', message: /^Cannot save the identity "first"/ }
    await assert.rejects(new Identity(undefined, first.certificate).save(path), error)
  })
})
