// SPDX-License-Identifier: MIT
// Identities between the dhtnode programs of both implementations: files that the other one reads,
// and values that are signed by the one and read by the other.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { DHTNODE } from '../support/cli-kit.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { randomNetwork } from '../support/interop-kit.ts'
import { poll } from '../support/watch.ts'

type Kind = 'ours' | 'theirs'

/** A node puts its certificate when it is connected, not before it takes commands. */
const PUBLISHED_MS = 30_000
const KINDS: readonly Kind[] = ['ours', 'theirs']
const other = (kind: Kind): Kind => (kind === 'ours' ? 'theirs' : 'ours')

let folder: string
const network = String(randomNetwork())

function start(kind: Kind, ...args: string[]): Promise<DhtnodeProcess> {
  if (kind === 'theirs') return DhtnodeProcess.start({ args: ['-n', network, ...args] })
  const options = ['--bind4', '127.0.0.1', '-p', '0', '-n', network]
  return DhtnodeProcess.start({ command: DHTNODE, args: [...options, ...args] })
}

describe('dhtnode programs with identities', { skip: cppAvailable() }, () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dhtnode-identity-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  for (const kind of KINDS) {
    test(`files that ${kind} saved are loaded by both`, async () => {
      const prefix = join(folder, kind)
      const saving = await start(kind, '-i', '--save-identity', prefix)
      const { keyId, nodeId } = saving
      await saving.close()
      assert.match(keyId, /^[0-9a-f]{40}$/)
      const files = ['--certificate', `${prefix}.crt`, '--privkey', `${prefix}.pem`]
      for (const reader of KINDS) {
        await using loaded = await start(reader, ...files)
        assert.deepEqual([loaded.keyId, loaded.nodeId], [keyId, nodeId], reader)
      }
    })
  }

  for (const kind of KINDS) {
    test(`values that ${kind} signed or encrypted are read by ${other(kind)}`, async () => {
      await using witness = await start(kind)
      const entry = ['-b', `127.0.0.1:${witness.port}`]
      await using sender = await start(kind, '-i', ...entry)
      await using reader = await start(other(kind), '-i', ...entry)
      const signed = `signed by ${kind}`.replaceAll(' ', '-')
      assert.ok((await sender.putSigned('signed', signed)).ok)
      const [line] = (await reader.get('signed')).lines
      assert.match(
        line!,
        new RegExp(`^Value\\[id:\\w+ signed \\(v0\\) data\\(text/plain\\):"${signed}"\\]$`),
      )

      // Until the certificate of the reader is found.
      const send = async () => (await sender.putEncrypted('secret', reader.keyId, 'secret')).ok
      await poll(send, PUBLISHED_MS, 'the certificate of the reader is found', 1000)
      const [secret] = (await reader.get('secret')).lines
      const shown = /^Value\[id:\w+ signed \(v0\) decrypted data\(text\/plain\):"secret"\]$/
      assert.match(secret!, shown)
      assert.deepEqual(
        (await witness.get('secret')).lines.filter((it) => it.includes('secret')),
        [],
      )
    })
  }
})
