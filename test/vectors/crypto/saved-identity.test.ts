// SPDX-License-Identifier: MIT
// Files that the C++ implementation wrote for its identities.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { Identity } from '../../../src/crypto/identity.ts'
import { VERSIONS } from '../../support/crypto-vectors.ts'
import { loadVectors } from '../../support/vectors.ts'

interface SavedVectors {
  plain: Record<'path.pem' | 'path.crt', string>
  with_password: Record<'path.pem' | 'path.crt' | 'password', string>
  dhtnode?: Record<string, string>
}

for (const version of VERSIONS) {
  suite(`saved identities of ${version}`, () => {
    const {
      plain,
      with_password: locked,
      dhtnode,
    } = loadVectors<SavedVectors>(`crypto/${version}/saved_identity`)

    test('are loaded with their chain, and saved the same', async (t) => {
      const directory = await mkdtemp(join(tmpdir(), 'opendht-identity-'))
      t.after(() => rm(directory, { recursive: true, force: true }))
      const path = join(directory, 'id')
      await write(path, plain['path.pem'], plain['path.crt'])
      const identity = await Identity.load(path)
      assert.equal(identity.certificate.toPem(), plain['path.crt'])
      assert.equal(identity.certificate.chain().length, 2)

      await identity.save(join(directory, 'again'))
      assert.equal(await readFile(join(directory, 'again.pem'), 'utf8'), plain['path.pem'])
      assert.equal(await readFile(join(directory, 'again.crt'), 'utf8'), plain['path.crt'])

      await write(path, locked['path.pem'], locked['path.crt'])
      const same = await Identity.load(path, locked.password)
      assert.deepEqual(same.privateKey!.toDer(), identity.privateKey!.toDer())
      await assert.rejects(Identity.load(path, 'wrong'), { code: 'ERR_CRYPTO_PASSWORD' })
      await assert.rejects(Identity.load(path), { code: 'ERR_CRYPTO_PASSWORD' })
    })

    if (dhtnode === undefined) return
    const files = dhtnode

    test('that dhtnode wrote have the ids it told', async () => {
      const read = (name: string): Promise<Identity> =>
        Identity.from({
          privateKey: files[`${name}.pem`]!,
          certificate: files[`${name}.crt`]!,
          password: files['password'],
        })
      const node = await read('nodeid')
      assert.equal(node.id.toString(), files['reported_public_key_id'])
      assert.equal(node.nodeId.toString(), files['reported_node_id'])
      const ca = await read('nodeid_ca')
      assert.ok(node.certificate.issuer!.equals(ca.certificate))
      assert.ok(node.certificate.isSignedBy(ca.publicKey))
      assert.equal(ca.certificate.isCa, true)
      assert.equal(node.certificate.isCa, false)
    })
  })
}

async function write(path: string, key: string, certificate: string): Promise<void> {
  await writeFile(`${path}.pem`, key)
  await writeFile(`${path}.crt`, certificate)
}
