// SPDX-License-Identifier: MIT
// The public-key layer over a DHT: identity, signed and encrypted values, certificates.

import type { Backend } from '../api/backend.ts'
import { DhtBase } from '../api/dht-base.ts'
import type { OperationOptions, PutOptions, PutResult } from '../api/dht-interface.ts'
import { describeType, type Key, toInfoHash } from '../api/key.ts'
import { untilAborted } from '../api/on-abort.ts'
import { toValue, type ValueInput } from '../api/value-input.ts'
import { InfoHash } from '../core/id/info-hash.ts'
import { PkId } from '../core/id/pk-id.ts'
import type { SignatureVerifier } from '../core/ports.ts'
import { Value } from '../core/value/value.ts'
import { Certificate } from '../crypto/certificate.ts'
import { CryptoError } from '../crypto/errors.ts'
import type { Identity } from '../crypto/identity.ts'
import type { PrivateKey } from '../crypto/private-key.ts'
import { PublicKey } from '../crypto/public-key.ts'
import { CertificateFinder, type CertificateStore, type KeyId } from './certificate-finder.ts'
import { certificateValue, publicationKeys } from './publication.ts'
import { Register, type RegisterOptions } from './register.ts'
import { RegisterWriters } from './register-writers.ts'
import type { Recipient, SecureDhtInterface, SecureStats } from './secure-interface.ts'
import { decryptValue, encryptValue, signValue } from './secure-value.ts'
import { nextSeq, PutTurns } from './signed-puts.ts'
import { ValueOpener } from './value-opener.ts'

/** What a node needs to sign, encrypt and decrypt. */
export interface SecureOptions {
  /**
   * Certificate and private key of this node. Without one, nothing can be signed or decrypted; a
   * certificate alone is published, but signs nothing. The node id follows from it unless it is
   * given: nodes that share an identity need an `id` each.
   */
  identity?: Identity | undefined
  /** Publish the own certificate so that others can encrypt for this node. Default true. */
  publishCertificate?: boolean | undefined
  /** Certificates that the application keeps, asked before the network. */
  certificateStore?: CertificateStore | undefined
}

export class SecureDht extends DhtBase implements SecureDhtInterface {
  readonly #identity: Identity | undefined
  readonly #verifier: SignatureVerifier
  readonly #opener: ValueOpener
  readonly #finder: CertificateFinder
  readonly #turns = new PutTurns()
  readonly #writers = new RegisterWriters(this)
  #publication: Promise<void> | undefined

  constructor(backend: Backend, verifier: SignatureVerifier, options: SecureOptions = {}) {
    const { identity, publishCertificate = true, certificateStore } = options
    const opener = new ValueOpener({
      verifier,
      key: identity?.privateKey,
      onOwner: (owner, value) => finder.addKey(owner, value.ownerId!),
    })
    super(backend, opener)
    const finder = new CertificateFinder({
      own: identity?.certificate,
      store: certificateStore,
      findValues: (key, type, signal) => this.get(key, { where: { type }, signal }),
    })
    this.#identity = identity
    this.#verifier = verifier
    this.#opener = opener
    this.#finder = finder
    if (identity === undefined) return
    if (publishCertificate) this.#publication = this.#publish(identity.certificate)
    // Whoever wants to know asks `whenPublished`.
    this.#publication?.catch(() => {})
  }

  get identity(): Identity | undefined {
    return this.#identity
  }

  get publicKey(): PublicKey | undefined {
    return this.#identity?.publicKey
  }

  /**
   * Resolves when the own certificate was first stored by others, which takes a connection; use
   * `whenConnected` with a signal for a limit. Rejects as a put does; the node goes on trying until
   * it is closed.
   */
  async whenPublished(): Promise<void> {
    if (this.#publication === undefined) {
      throw new CryptoError('ERR_CRYPTO_NO_IDENTITY', 'This node publishes no certificate')
    }
    return this.#publication
  }

  async putSigned(key: Key, value: ValueInput, options: PutOptions = {}): Promise<PutResult> {
    const hash = toInfoHash(key)
    const checked = toValue(value)
    const signer = this.#requireKey(`sign a value for ${hash}`)
    options.signal?.throwIfAborted()
    // A new id has no earlier revisions. The signature does not cover it.
    if (checked.id === 0n) return this.put(hash, await signValue(checked, signer), options)
    const turn = this.#turns.run(hash, checked.id, async () => {
      options.signal?.throwIfAborted()
      const earlier = await this.#earlier(hash, checked, options.signal)
      const seq = nextSeq(checked, signer.publicKey.id, earlier)
      const signed = await signValue(new Value({ ...checked, seq }), signer)
      return this.put(hash, signed, options)
    })
    return untilAborted(turn, options.signal)
  }

  async putEncrypted(
    key: Key,
    to: Recipient,
    value: ValueInput,
    options: PutOptions = {},
  ): Promise<PutResult> {
    const hash = toInfoHash(key)
    return this.put(hash, await this.encrypt(value, to, options), options)
  }

  async findCertificate(
    id: KeyId | string,
    options: OperationOptions = {},
  ): Promise<Certificate | undefined> {
    const wanted = toKeyId(id)
    this.checkOpen(() => `find certificate ${wanted}`)
    return this.#finder.find(wanted, options.signal)
  }

  async findPublicKey(
    id: KeyId | string,
    options: OperationOptions = {},
  ): Promise<PublicKey | undefined> {
    const wanted = toKeyId(id)
    this.checkOpen(() => `find public key ${wanted}`)
    return this.#finder.findKey(wanted, options.signal)
  }

  registerCertificate(certificate: Certificate): void {
    if (!(certificate instanceof Certificate)) {
      throw new TypeError(`certificate must be a Certificate: got ${describeType(certificate)}`)
    }
    this.#finder.add(certificate)
  }

  async sign(value: ValueInput): Promise<Value> {
    const checked = toValue(value)
    return signValue(checked, this.#requireKey('sign a value'))
  }

  async encrypt(value: ValueInput, to: Recipient, options: OperationOptions = {}): Promise<Value> {
    const checked = toValue(value)
    const key = this.#requireKey('encrypt a value, as its sender signs it')
    const recipient = await this.#recipientKey(to, options.signal)
    options.signal?.throwIfAborted()
    return encryptValue(checked, key, recipient)
  }

  async decrypt(value: Value): Promise<Value> {
    if (!(value instanceof Value)) {
      throw new TypeError(`value must be a Value: got ${describeType(value)}`)
    }
    return decryptValue(value, this.#requireKey('decrypt a value'), this.#verifier)
  }

  register(key: Key, options: RegisterOptions = {}): Register {
    const hash = toInfoHash(key)
    if (typeof options !== 'object' || options === null || options instanceof InfoHash) {
      throw new TypeError(`options must be an object, as { owner }: got ${describeType(options)}`)
    }
    const { owner } = options
    const own = this.#identity?.privateKey
    const ownerId = owner === undefined ? this.#requireOwner(hash).id : toOwnerId(owner)
    const isOwn = own !== undefined && isIdOf(ownerId, own.publicKey)
    const writer = isOwn ? this.#writers.access(hash, own) : undefined
    return new Register({ dht: this, key: hash, owner: ownerId, writer })
  }

  secureStats(): SecureStats {
    return { ...this.#opener.stats, ...this.#finder.stats }
  }

  /** Throws when this node has no private key. `action` completes "Cannot …". */
  #requireKey(action: string): PrivateKey {
    const key = this.#identity?.privateKey
    if (key !== undefined) return key
    throw new CryptoError(
      'ERR_CRYPTO_NO_IDENTITY',
      `Cannot ${action}: this node has no private key. Start it with the option identity`,
    )
  }

  #requireOwner(key: InfoHash): PublicKey {
    if (this.publicKey !== undefined) return this.publicKey
    throw new CryptoError(
      'ERR_CRYPTO_NO_IDENTITY',
      `Cannot tell whose register under ${key} is meant: give its owner, or start this node with ` +
        'the option identity',
    )
  }

  /** Revisions of a value that are known here or in the network. */
  async #earlier(key: InfoHash, { id }: Value, signal: AbortSignal | undefined): Promise<Value[]> {
    const found = [...this.pendingPuts(key), ...this.getLocal(key, { where: { id } })]
    try {
      for await (const value of this.get(key, { where: { id }, signal })) found.push(value)
    } catch (error) {
      // Nodes that cannot be asked will say so again when the value is put.
      if (signal?.aborted || this.isClosed) throw error
    }
    return found
  }

  async #recipientKey(to: Recipient, signal: AbortSignal | undefined): Promise<PublicKey> {
    if (to instanceof PublicKey) return to
    if (to instanceof Certificate) {
      to.checkValidity(new Date())
      return to.publicKey
    }
    const id = toKeyId(to, 'to', KEY_OR_CERTIFICATE)
    this.checkOpen(() => `find public key ${id}`)
    const key = await this.#finder.findKey(id, signal)
    if (key !== undefined) return key
    throw new CryptoError(
      'ERR_CRYPTO_UNKNOWN_KEY',
      `Cannot encrypt for ${id}: its certificate was not found. Its node publishes it when it ` +
        'has an identity; or give the PublicKey or Certificate itself',
    )
  }

  async #publish(certificate: Certificate): Promise<void> {
    const value = certificateValue(certificate)
    await this.whenConnected()
    const keys = publicationKeys(certificate)
    await Promise.all(keys.map((key) => this.put(key, value, { permanent: true })))
  }
}

/** Throws TypeError or RangeError for what is no id of a public key. */
function toKeyId(id: KeyId | string, name = 'id', expected = ''): KeyId {
  if (id instanceof InfoHash || id instanceof PkId) return id
  if (typeof id !== 'string') {
    const got = describeType(id)
    const hint = got === 'Identity' ? '. Give its `id`' : ''
    throw new TypeError(
      `${name} must be ${expected}an InfoHash, a PkId or a string: got ${got}${hint}`,
    )
  }
  if (/^[0-9a-f]{40}$/i.test(id)) return InfoHash.fromHex(id)!
  if (/^[0-9a-f]{64}$/i.test(id)) return PkId.fromHex(id)!
  throw new RangeError(`${name} must be 40 or 64 hexadecimal digits: got "${id}"`)
}

const KEY_OR_CERTIFICATE = 'a PublicKey, a Certificate, '

function toOwnerId(owner: NonNullable<RegisterOptions['owner']>): KeyId {
  if (owner instanceof PublicKey || owner instanceof Certificate) return owner.id
  return toKeyId(owner, 'owner', KEY_OR_CERTIFICATE)
}

function isIdOf(owner: KeyId, { id, longId }: PublicKey): boolean {
  return owner instanceof InfoHash ? owner.equals(id) : owner.equals(longId)
}
