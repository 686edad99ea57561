// SPDX-License-Identifier: MIT
// Identities of the dhtnode program: made, saved, loaded, and used to sign and to encrypt.

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { Identity } from '../../src/crypto/identity.ts'
import { DHTNODE, runProgram, temporaryFolder } from '../support/cli-kit.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { poll } from '../support/watch.ts'

const LOOPBACK = ['--bind4', '127.0.0.1', '-p', '0']
const MYKEY = '816cc20437d859538736e1ef46558b7bda486c06'
const PASSWORD = 'correct horse'

const start = (...args: string[]) =>
  DhtnodeProcess.start({ command: DHTNODE, args: [...LOOPBACK, ...args] })
const run = (input: string, ...args: string[]) =>
  runProgram([...DHTNODE, ...LOOPBACK, ...args], input)
const newNetwork = () => String(randomInt(1, 2 ** 31))
const filesOf = (prefix: string, ...more: string[]) =>
  ['--certificate', `${prefix}.crt`, '--privkey', `${prefix}.pem`].concat(more)

describe('a saved identity', () => {
  test('is the same one whenever and however it is loaded', async (t) => {
    const prefix = join(temporaryFolder(t), 'me')
    const keep = ['-i', '--save-identity', prefix]
    const first = await start(...keep)
    const { nodeId, keyId } = first
    await first.close()
    assert.match(keyId, /^[0-9a-f]{40}$/)
    assert.match(first.stdout, /^Generating an identity, .*\nIdentity saved: /)
    const identity = await Identity.load(prefix)
    assert.deepEqual([identity.id.toString(), identity.nodeId.toString()], [keyId, nodeId])
    for (const args of [keep, filesOf(prefix), [...filesOf(prefix), '-i']]) {
      await using again = await start(...args)
      assert.deepEqual([again.nodeId, again.keyId], [nodeId, keyId], args.join(' '))
      assert.equal(again.stderr, '')
      await again.ask('ll', new RegExp(`\nPublic key long ID ${identity.longId}\nIPv4 stats:\n`))
    }
  })

  test('may have a password', async (t) => {
    const folder = temporaryFolder(t)
    const prefix = join(folder, 'me')
    const file = join(folder, 'password')
    writeFileSync(file, `${PASSWORD}\n`)
    const keep = ['-i', '--save-identity', prefix]
    const made = await run('', ...keep, '--privkey-password-file', file)
    assert.deepEqual([made.status, made.stderr], [0, ''])
    for (const name of ['me.pem', 'me_ca.pem']) {
      assert.match(readFileSync(join(folder, name), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY/)
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
    }
    const [, keyId] = /\nPublic key ID ([0-9a-f]{40})\n/.exec(made.stdout)!
    const right = filesOf(prefix, '--privkey-password', PASSWORD)
    assert.match((await run('', ...right)).stdout, new RegExp(`\nPublic key ID ${keyId}\n`))
    for (const wrong of [
      filesOf(prefix),
      filesOf(prefix, '--privkey-password', 'wrong'),
      [...keep, '--privkey-password', 'wrong'],
    ]) {
      const { status, stdout, stderr } = await run('', ...wrong)
      assert.deepEqual([status, stdout], [1, ''], wrong.join(' '))
      assert.match(
        stderr,
        /^Error: Cannot use [^\n]*me\.pem as a private key: [^\n]*password[^\n]*\n$/,
      )
    }
    assert.deepEqual(readdirSync(folder).sort(), PASSWORD_FILES)
  })

  test('is nothing that a mistake makes or destroys', async (t) => {
    const folder = temporaryFolder(t)
    const prefix = join(folder, 'me')
    writeFileSync(`${prefix}.crt`, 'mine')
    const mistakes: [status: number, ...args: string[]][] = [
      [1, '-i', '--save-identity', prefix],
      [1, '-i', '--save-identity', join(folder, 'nowhere', 'me')],
      [1, '--certificate', `${prefix}.crt`, '--privkey', `${prefix}.crt`],
      [2, '--certificate', `${prefix}.crt`],
      [2, '--save-identity', prefix],
      [2, '-i', '--privkey-password', 'x'],
    ]
    for (const [expected, ...args] of mistakes) {
      const { status, stdout, stderr } = await run('', ...args)
      assert.deepEqual([status, stdout], [expected, ''], args.join(' '))
      assert.match(stderr, /^[^\n]+\n$/)
    }
    assert.deepEqual(readdirSync(folder), ['me.crt'])
    assert.equal(readFileSync(`${prefix}.crt`, 'utf8'), 'mine')
  })
})

const PASSWORD_FILES = ['me.crt', 'me.pem', 'me_ca.crt', 'me_ca.pem', 'password']

describe('two nodes with identities', () => {
  const identities = new Map<string, Identity>()

  before(async () => {
    for (const name of ['alice', 'bob']) {
      identities.set(name, await Identity.generate({ name, bits: 2048 }))
    }
  })

  async function saved(folder: string, name: string): Promise<string[]> {
    const prefix = join(folder, name)
    await identities.get(name)!.save(prefix)
    return filesOf(prefix)
  }

  test('exchange signed and encrypted values', async (t) => {
    const folder = temporaryFolder(t)
    const network = newNetwork()
    await using witness = await start('-n', network)
    const join = ['-n', network, '-b', `127.0.0.1:${witness.port}`]
    await using alice = await start(...join, ...(await saved(folder, 'alice')))
    await using bob = await start(...join, ...(await saved(folder, 'bob')))
    const { longId } = identities.get('bob')!
    await poll(() => isPublished(bob), 20_000, 'the certificate of bob is published')

    await bob.listen('mykey')
    const signed = await alice.ask(
      's mykey by alice',
      /Put signed: success \(took .*\)\. Value ID: (.*)\n/,
    )
    const signedLine = `Value[id:${signed[1]} signed (v0) data(text/plain):"by alice"]`
    await bob.waitForOutput(new RegExp(`\\t${escaped(signedLine)}\n`))
    assert.deepEqual(await witness.get('mykey'), { ok: true, lines: [signedLine] })

    for (const [i, id] of [bob.keyId, longId.toString()].entries()) {
      const command = `e ${MYKEY} ${id} for bob ${i}`
      const [, value] = await alice.ask(
        command,
        /Put encrypted: success \(took .*\)\. Value ID: (.*)\n/,
      )
      const line = `Value[id:${value} signed (v0) decrypted data(text/plain):"for bob ${i}"]`
      await bob.waitForOutput(new RegExp(`\\t${escaped(line)}\n`))
      assert.ok((await bob.get('mykey')).lines.includes(line))
    }
    for (const other of [alice, witness]) {
      assert.deepEqual((await other.get('mykey')).lines, [signedLine])
    }
    for (const node of [alice, bob, witness]) assert.equal(node.stderr, '')
  })

  test('that share one are told, and live together with ids of their own', async (t) => {
    const network = newNetwork()
    const identity = await saved(temporaryFolder(t), 'alice')
    await using first = await start('-n', network, ...identity)
    const join = ['-n', network, '-b', `127.0.0.1:${first.port}`, ...identity]
    await using twin = await start(...join)
    assert.equal(twin.nodeId, first.nodeId)
    await poll(() => twin.stderr.includes('--node-id'), 10_000, 'the hint')
    const notice = `has the id of this node and is ignored: ${first.nodeId}`
    assert.equal(first.stderr, `127.0.0.1:${twin.port} ${notice}\n`)

    const id = MYKEY
    await using other = await start(...join, '--node-id', id)
    assert.deepEqual([other.nodeId, other.keyId], [id, first.keyId])
    await poll(async () => (await other.stats()).ipv4.good > 0, 10_000, 'it has joined')
    assert.equal(other.stderr, '')
  })

  test('are told why an encrypted put fails', async (t) => {
    const network = newNetwork()
    await using witness = await start('-n', network)
    const alice = await saved(temporaryFolder(t), 'alice')
    const commands = `e mykey ${'0'.repeat(39)}1 text\n`
    const { status, stdout } = await run(
      commands,
      ...['-n', network, '-b', `127.0.0.1:${witness.port}`],
      ...alice,
    )
    assert.equal(status, 3)
    const reason = 'no certificate with this id was found'
    assert.match(stdout, new RegExp(`\nPut encrypted: failure \\(took [^)]*\\): ${reason}\n`))
  })
})

async function isPublished(node: DhtnodeProcess): Promise<boolean> {
  const from = node.mark()
  await node.ask('ls', /Total: \d+ searches/)
  const announced = /Announcement: Value\[id:1 Certificate\] \[announced\]/g
  return (node.stdout.slice(from).match(announced)?.length ?? 0) >= 2
}

function escaped(text: string): string {
  return text.replace(/[[\]()]/g, '\\$&')
}
