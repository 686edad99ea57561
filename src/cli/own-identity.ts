// SPDX-License-Identifier: MIT
// The identity that the command line asks for: read, made, or made and saved. Loaded only by nodes
// that have one. Errors are for the user: they name the file and what was expected of it.

import { existsSync } from 'node:fs'
import { access, constants, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Certificate } from '../crypto/certificate.ts'
import { CryptoError } from '../crypto/errors.ts'
import { Identity } from '../crypto/identity.ts'
import { PrivateKey } from '../crypto/private-key.ts'
import type { IdentitySource, PasswordSource } from './options.ts'
import type { Output } from './screen.ts'

/** More than a key or a chain of certificates may have. */
const MAX_FILE_BYTES = 128 * 1024

/** Of messages of the system and of the keys: the path, and what could not be read. */
const SAID_ALREADY = /(?<=^E[A-Z]+: .*), \w+( '.*')?$|^Cannot read (private key|certificate): /

/** Rejects with an Error whose message is one line; with the signal's reason when it fires. */
export async function openIdentity(
  source: IdentitySource,
  out: Output,
  signal: AbortSignal,
): Promise<Identity> {
  if (source.kind === 'new') return (await generate(out, signal)).identity
  const password = await readPassword(source.password)
  if (source.kind === 'files') return load(source, password, out)
  const { prefix } = source
  if (!checkPrefix(prefix)) return generateKept(prefix, { password, out, signal })
  const files = { privateKey: `${prefix}.pem`, certificate: `${prefix}.crt` }
  const identity = await load(files, password, out)
  out.line(`Identity loaded: ${files.privateKey}, ${files.certificate}`)
  return identity
}

interface Files {
  readonly privateKey: string
  readonly certificate: string
}

async function load(files: Files, password: string, out: Output): Promise<Identity> {
  const { privateKey, certificate } = files
  const read = await about(certificate, 'a certificate', async () =>
    Certificate.from(await readFile(certificate)),
  )
  const key = await about(privateKey, 'a private key', async () => {
    const bytes = await readFile(privateKey)
    const plain = password === '' ? undefined : await readPlainKey(bytes)
    if (plain === undefined) return PrivateKey.from(bytes, password)
    out.error(`${privateKey} is not encrypted: its password is not needed`)
    return plain
  })
  const expected = `the key of ${certificate}`
  const identity = await about(privateKey, expected, async () => new Identity(key, read))
  await about(certificate, 'a valid certificate', async () => identity.check())
  return identity
}

/** Undefined when it is encrypted, or something is wrong with it. */
async function readPlainKey(bytes: Uint8Array): Promise<PrivateKey | undefined> {
  try {
    return await PrivateKey.from(bytes)
  } catch {
    // What is wrong is found again with the password.
    return undefined
  }
}

/** Whether there is an identity in these files. Throws when there is anything else. */
function checkPrefix(prefix: string): boolean {
  const own = [`${prefix}.pem`, `${prefix}.crt`]
  if (own.every((path) => existsSync(path))) return true
  const files = [...own, `${prefix}_ca.pem`, `${prefix}_ca.crt`]
  const existing = files.filter((path) => existsSync(path))
  if (existing.length === 0) return false
  throw new Error(
    `Cannot save an identity as ${prefix}: ${existing.join(', ')} exist already, but not both of ` +
      `${own.join(' and ')}. Move them away, or choose another name`,
  )
}

interface Making {
  readonly password: string
  readonly out: Output
  readonly signal: AbortSignal
}

async function generateKept(prefix: string, { password, out, signal }: Making): Promise<Identity> {
  // The time that generating takes is not to be in vain.
  const directory = dirname(prefix)
  await about(directory, 'the folder of an identity', () => access(directory, constants.W_OK))
  const { identity, authority } = await generate(out, signal)
  await authority.save(`${prefix}_ca`, { password })
  try {
    await identity.save(prefix, { password })
  } catch (error) {
    const files = [`${prefix}_ca.pem`, `${prefix}_ca.crt`]
    await Promise.allSettled(files.map((path) => unlink(path)))
    throw error
  }
  out.line(`Identity saved: ${prefix}.pem, ${prefix}.crt, ${prefix}_ca.pem, ${prefix}_ca.crt`)
  return identity
}

/** As the tool of OpenDHT makes them, under the same names. */
async function generate(
  out: Output,
  signal: AbortSignal,
): Promise<{ identity: Identity; authority: Identity }> {
  out.line('Generating an identity, which may take some seconds')
  const authority = await Identity.generate({ name: 'DHT Node CA', type: 'ec' })
  const identity = await Identity.generate({ name: 'DHT Node', issuer: authority })
  signal.throwIfAborted()
  return { identity, authority }
}

/** Empty without a source. */
async function readPassword(source: PasswordSource | undefined): Promise<string> {
  if (source === undefined) return ''
  if ('text' in source) return source.text
  const { file } = source
  return about(file, 'a password file', async () => {
    const [password = ''] = Buffer.from(await readFile(file))
      .toString()
      .split(/\r?\n/)
    if (password === '') throw new Error('it is empty')
    return password
  })
}

/** Also of what has no size: pipes, devices. */
async function readFile(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const bytes = new Uint8Array(MAX_FILE_BYTES + 1)
    let size = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, size, bytes.length - size)
      size += bytesRead
      if (size > MAX_FILE_BYTES) throw new Error(`it has more than ${MAX_FILE_BYTES} bytes`)
      if (bytesRead === 0) return bytes.subarray(0, size)
    }
  } finally {
    await file.close()
  }
}

/** The same failure with the file that it is about, and what was expected there. */
async function about<T>(path: string, expected: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (cause) {
    const isPassword = cause instanceof CryptoError && cause.code === 'ERR_CRYPTO_PASSWORD'
    const hint = isPassword ? ' (see --privkey-password-file)' : ''
    const problem = (cause as Error).message.replace(SAID_ALREADY, '')
    throw new Error(`Cannot use ${path} as ${expected}: ${problem}${hint}`, { cause })
  }
}
