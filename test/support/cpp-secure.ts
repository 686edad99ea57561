// SPDX-License-Identifier: MIT
// The real C++ library (2.4.12) for tests of the public-key layer: its keys, certificates, lists
// and values, and nodes with identities in the `host`. One driver process: see cpp_secure.cpp.

import { cppProgram } from './cpp-compiler.ts'
import { CppHost } from './cpp-node.ts'
import { type CppIdentity, type CppValue, toBase64, toValue, type WireValue } from './cpp-types.ts'

/** Text stands for its UTF-8 bytes, e.g. of PEM. */
export type Bytes = Uint8Array | string

export interface CppPublicKey {
  readonly der: Uint8Array
  readonly text: string
  readonly id: string
  readonly longId: string
}

export interface CppCertificate {
  readonly publicKey: CppPublicKey
  readonly id: string
  readonly longId: string
  readonly name: string
  readonly uid: string
  readonly issuerName: string
  readonly issuerUid: string
  /** Hex. */
  readonly serial: string
  readonly isCa: boolean
  readonly notBefore: Date
  readonly notAfter: Date
  /** Types: 1 RFC 822, 2 DNS, 3 URI, 4 IP. */
  readonly altNames: readonly [type: number, name: string][]
  readonly chainLength: number
  /** The chain as PEM text. */
  readonly packed: Uint8Array
}

export interface CppIdentityOptions {
  /** Default `rsa` with 2048 bits; `ec` is P-384. */
  readonly type?: 'rsa' | 'ec'
  readonly bits?: number
  readonly ca?: CppIdentity
  /** Default true without `ca`. */
  readonly isCa?: boolean
  /** In place of a new one. */
  readonly key?: Bytes
  readonly validitySeconds?: number
}

export interface CppAnchor {
  readonly certificate: Bytes
  /** Revocation lists that are attached to it: C++ refuses those of others. */
  readonly lists?: readonly Uint8Array[]
}

/** Of a value that is made without a node. */
export interface CppValueInit {
  readonly id: bigint
  readonly data: Bytes
  readonly type?: number | undefined
  readonly userType?: string | undefined
  readonly seq?: number | undefined
  /** Signs it. */
  readonly key?: Bytes
  /** Public key of who can read it: encrypts it. */
  readonly recipient?: Uint8Array
}

type Reply = Record<string, unknown>

/** What C++ throws rejects, with `DecryptError`, `CryptoException` or `exception` in its text. */
export class CppSecure implements AsyncDisposable {
  readonly host: CppHost

  private constructor(host: CppHost) {
    this.host = host
  }

  static async start(): Promise<CppSecure> {
    return new CppSecure(await CppHost.start({ command: [await cppProgram('cpp-secure')] }))
  }

  close(): Promise<void> {
    return this.host.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async publicKey(key: Bytes): Promise<CppPublicKey> {
    return toPublicKey(await this.#ask('public_key', { public: toBase64(key) }))
  }

  /** The public part. */
  async privateKey(key: Bytes, password?: string): Promise<CppPublicKey> {
    return toPublicKey(await this.#ask('private_key', { key: toBase64(key), password }))
  }

  /** PEM; without a password in the clear. */
  async exportKey(key: Bytes, password?: string): Promise<Uint8Array> {
    const fields = { key: toBase64(key), new_password: password }
    return bytesIn(await this.#ask('export_key', fields), 'data')
  }

  async sign(key: Bytes, data: Bytes): Promise<Uint8Array> {
    const fields = { key: toBase64(key), data: toBase64(data) }
    return bytesIn(await this.#ask('sign', fields), 'signature')
  }

  async verify(publicKey: Bytes, data: Bytes, signature: Uint8Array): Promise<boolean> {
    const fields = { public: toBase64(publicKey), data: toBase64(data) }
    return isOk(await this.#ask('verify', { ...fields, signature: toBase64(signature) }))
  }

  async encrypt(publicKey: Bytes, data: Bytes): Promise<Uint8Array> {
    const fields = { public: toBase64(publicKey), data: toBase64(data) }
    return bytesIn(await this.#ask('encrypt', fields), 'data')
  }

  async decrypt(key: Bytes, data: Uint8Array): Promise<Uint8Array> {
    const fields = { key: toBase64(key), data: toBase64(data) }
    return bytesIn(await this.#ask('decrypt', fields), 'data')
  }

  /** Text is a password, bytes are an AES key. */
  async aesEncrypt(data: Bytes, secret: Bytes): Promise<Uint8Array> {
    const fields = { data: toBase64(data), ...secretFields(secret) }
    return bytesIn(await this.#ask('aes_encrypt', fields), 'data')
  }

  async aesDecrypt(data: Uint8Array, secret: Bytes): Promise<Uint8Array> {
    const fields = { data: toBase64(data), ...secretFields(secret) }
    return bytesIn(await this.#ask('aes_decrypt', fields), 'data')
  }

  async stretchKey(password: string, salt: Uint8Array, length: number): Promise<Uint8Array> {
    const fields = { password, salt: toBase64(salt), length }
    return bytesIn(await this.#ask('stretch_key', fields), 'data')
  }

  async makeIdentity(name: string, options: CppIdentityOptions = {}): Promise<CppIdentity> {
    const { type, bits, ca, isCa, key, validitySeconds } = options
    const reply = await this.#ask('make_identity', {
      name,
      type,
      bits,
      ca: ca && identityFields(ca),
      is_ca: isCa,
      key: key && toBase64(key),
      validity: validitySeconds,
    })
    return { key: bytesIn(reply, 'key'), certificate: bytesIn(reply, 'certificate') }
  }

  /** Writes `path`.pem and `path`.crt. */
  async saveIdentity(identity: CppIdentity, path: string, password?: string): Promise<void> {
    const fields = { ...identityFields(identity), path, new_password: password }
    await this.#ask('save_identity', fields)
  }

  async certificate(certificate: Bytes): Promise<CppCertificate> {
    return toCertificate(await this.#ask('certificate', { certificate: toBase64(certificate) }))
  }

  /** Makes a certificate request, as PEM. */
  async makeRequest(
    key: Bytes,
    init: { readonly name: string; readonly uid?: string; readonly dnsNames?: readonly string[] },
  ): Promise<Uint8Array> {
    const { name, uid, dnsNames } = init
    const fields = { key: toBase64(key), name, uid, dns_names: dnsNames }
    return bytesIn(await this.#ask('make_request', fields), 'request')
  }

  async readRequest(request: Bytes): Promise<{ name: string; uid: string; isVerified: boolean }> {
    const reply = await this.#ask('read_request', { request: toBase64(request) })
    return { name: textIn(reply, 'name'), uid: textIn(reply, 'uid'), isVerified: isOk(reply) }
  }

  /** Certifies a request. */
  async issue(request: Bytes, ca: CppIdentity): Promise<CppCertificate> {
    const fields = { request: toBase64(request), ca: identityFields(ca) }
    return toCertificate(await this.#ask('issue', fields))
  }

  /** A revocation list, on top of `list` if there is one. */
  async makeRevocations(
    issuer: CppIdentity,
    revoked: readonly Bytes[],
    list?: Uint8Array,
  ): Promise<Uint8Array> {
    const fields = { ...identityFields(issuer), revoked: revoked.map(toBase64) }
    const reply = await this.#ask('make_revocations', { ...fields, list: list && toBase64(list) })
    return bytesIn(reply, 'list')
  }

  /** What a list says, also of a certificate, and whether `issuer` signed it. */
  async readRevocations(list: Uint8Array, certificate: Bytes, issuer: Bytes) {
    const reply = await this.#ask('read_revocations', {
      list: toBase64(list),
      certificate: toBase64(certificate),
      issuer: toBase64(issuer),
    })
    return {
      number: BigInt(`0x${textIn(reply, 'number') || '0'}`),
      issuerName: textIn(reply, 'issuer_name'),
      issuerUid: textIn(reply, 'issuer_uid'),
      thisUpdate: dateIn(reply, 'update'),
      nextUpdate: dateIn(reply, 'next_update'),
      isRevoked: reply['is_revoked'] as boolean,
      isSigned: reply['is_signed'] as boolean,
    }
  }

  /** The verdict of a trust list: 0, or the sum of 2 and the reasons. */
  async trust(
    certificate: Bytes,
    anchors: readonly CppAnchor[],
    lists: readonly Uint8Array[] = [],
  ): Promise<{ isValid: boolean; bits: number; text: string }> {
    const reply = await this.#ask('trust', {
      certificate: toBase64(certificate),
      anchors: anchors.map((anchor) => ({
        certificate: toBase64(anchor.certificate),
        lists: anchor.lists?.map(toBase64),
      })),
      lists: lists.map(toBase64),
    })
    return { isValid: isOk(reply), bits: reply['result'] as number, text: textIn(reply, 'text') }
  }

  /** Whether a C++ node stores a value of type 8 with this data under this key. */
  async storesCertificate(key: string, data: Uint8Array): Promise<boolean> {
    return isOk(await this.#ask('stores_certificate', { hash: key, data: toBase64(data) }))
  }

  /** The bytes of a value. */
  async packValue(init: CppValueInit): Promise<Uint8Array> {
    const { id, data, type, userType, seq, key, recipient } = init
    const reply = await this.#ask('pack_value', {
      value_id: `${id}`,
      data: toBase64(data),
      type,
      user_type: userType,
      seq,
      key: key && toBase64(key),
      public: recipient && toBase64(recipient),
    })
    return bytesIn(reply, 'data')
  }

  /** Of an encrypted value what is in it, if there is a key. */
  async unpackValue(
    data: Uint8Array,
    key?: Bytes,
  ): Promise<{ value: CppValue; isEncrypted: boolean; isSigned: boolean; isAuthentic: boolean }> {
    const fields = { data: toBase64(data), key: key && toBase64(key) }
    const reply = await this.#ask('unpack_value', fields)
    return {
      value: toValue(reply['value'] as WireValue),
      isEncrypted: reply['is_encrypted'] as boolean,
      isSigned: reply['is_signed'] as boolean,
      isAuthentic: isOk(reply),
    }
  }

  #ask(op: string, fields: object): Promise<Reply> {
    return this.host.request(op, undefined, fields)
  }
}

function identityFields({ key, certificate }: CppIdentity) {
  return { key: toBase64(key), certificate: toBase64(certificate) }
}

function secretFields(secret: Bytes) {
  return typeof secret === 'string' ? { password: secret } : { aes_key: toBase64(secret) }
}

function toPublicKey(reply: Reply): CppPublicKey {
  return {
    der: bytesIn(reply, 'public'),
    text: textIn(reply, 'public_text'),
    id: textIn(reply, 'key_id'),
    longId: textIn(reply, 'long_id'),
  }
}

function toCertificate(reply: Reply): CppCertificate {
  return {
    publicKey: toPublicKey(reply),
    id: textIn(reply, 'certificate_id'),
    longId: textIn(reply, 'certificate_long_id'),
    name: textIn(reply, 'name'),
    uid: textIn(reply, 'uid'),
    issuerName: textIn(reply, 'issuer_name'),
    issuerUid: textIn(reply, 'issuer_uid'),
    serial: textIn(reply, 'serial'),
    isCa: reply['is_ca'] as boolean,
    notBefore: dateIn(reply, 'activation'),
    notAfter: dateIn(reply, 'expiration'),
    altNames: reply['alt_names'] as [number, string][],
    chainLength: reply['chain_length'] as number,
    packed: bytesIn(reply, 'certificate'),
  }
}

function bytesIn(reply: Reply, field: string): Uint8Array {
  return new Uint8Array(Buffer.from(reply[field] as string, 'base64'))
}

function textIn(reply: Reply, field: string): string {
  return reply[field] as string
}

function dateIn(reply: Reply, field: string): Date {
  return new Date(1000 * (reply[field] as number))
}

function isOk(reply: Reply): boolean {
  return reply['ok'] as boolean
}
