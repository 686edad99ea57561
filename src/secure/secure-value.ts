// SPDX-License-Identifier: MIT
// Signing, encrypting and decrypting of single values (spec crypto, section 14).

import { WireError } from '../core/errors.ts'
import type { SignatureVerifier } from '../core/ports.ts'
import { packContent, toSignBytes } from '../core/value/pack-value.ts'
import { unpackContent } from '../core/value/unpack-value.ts'
import { Value } from '../core/value/value.ts'
import { checkValueSize } from '../core/value/value-size.ts'
import { MsgpackReader } from '../core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../core/wire/msgpack-writer.ts'
import { CryptoError } from '../crypto/errors.ts'
import type { PrivateKey } from '../crypto/private-key.ts'
import type { PublicKey } from '../crypto/public-key.ts'

/** Largest sequence number: the field has 16 bits, and peers refuse what counts backwards. */
export const MAX_SEQ = 0xffff

/**
 * `value` signed by `key`; the key becomes its owner. A value keeps its seq and recipient. Throws
 * CryptoError ERR_CRYPTO_UNSUPPORTED when the key is not RSA: peers accept no other signatures.
 */
export async function signValue(value: Value, key: PrivateKey): Promise<Value> {
  if (value.isEncrypted) {
    throw new TypeError('Cannot sign an encrypted value: sign first, as putEncrypted does')
  }
  const { type } = key.publicKey
  if (type !== 'rsa') {
    throw new CryptoError(
      'ERR_CRYPTO_UNSUPPORTED',
      `Cannot sign a value with a key of type ${type}: nodes accept signatures of RSA keys only`,
    )
  }
  const unsigned = new Value({ ...value, owner: key.publicKey.toDer(), signature: undefined })
  return new Value({ ...unsigned, signature: await key.sign(toSignBytes(unsigned)) })
}

/**
 * `value` signed by `key` and encrypted for `recipient`: only id, priority and push type can be
 * read by others. Throws CryptoError: ERR_CRYPTO_UNSUPPORTED when the key cannot encrypt,
 * ERR_CRYPTO_TOO_LONG when the result is larger than a value may be.
 */
export async function encryptValue(
  value: Value,
  key: PrivateKey,
  recipient: PublicKey,
): Promise<Value> {
  const signed = await signValue(new Value({ ...value, recipient: recipient.id }), key)
  const writer = new MsgpackWriter()
  packContent(writer, signed)
  const { id, priority, pushType } = value
  const cypher = recipient.encrypt(writer.take())
  const encrypted = new Value({ id, priority, pushType, cypher })
  try {
    checkValueSize(encrypted)
  } catch (cause) {
    throw new CryptoError(
      'ERR_CRYPTO_TOO_LONG',
      `Cannot encrypt ${value.data.length} bytes for ${recipient.id}: signature, keys and ` +
        `encryption make ${cypher.length} of them, more than a value may have`,
      { cause },
    )
  }
  return encrypted
}

/**
 * What `value` holds for `key`. Throws CryptoError: ERR_CRYPTO_DECRYPT when it is not for this key
 * or damaged, ERR_CRYPTO_SIGNATURE when its sender did not sign it.
 */
export async function decryptValue(
  value: Value,
  key: PrivateKey,
  verifier: SignatureVerifier,
): Promise<Value> {
  if (!value.isEncrypted) {
    throw new CryptoError(
      'ERR_CRYPTO_DECRYPT',
      `Cannot decrypt value ${value.id}: it is not encrypted`,
    )
  }
  const opened = readContent(await key.decrypt(value.cypher), value)
  if (opened.recipient?.equals(key.publicKey.id) !== true) {
    throw new CryptoError(
      'ERR_CRYPTO_DECRYPT',
      `Cannot accept value ${value.id}: its content is not for ${key.publicKey.id}`,
    )
  }
  if (!isSignatureValid(opened, verifier)) {
    throw new CryptoError(
      'ERR_CRYPTO_SIGNATURE',
      `Cannot accept value ${value.id}: the signature of its sender is not valid`,
    )
  }
  return opened
}

export function isSignatureValid(value: Value, verifier: SignatureVerifier): boolean {
  const { owner, signature } = value
  return owner !== undefined && verifier.verify(owner, toSignBytes(value), signature)
}

function readContent(plaintext: Uint8Array, outer: Value): Value {
  try {
    return unpackContent(new MsgpackReader(plaintext), outer)
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw new CryptoError(
      'ERR_CRYPTO_DECRYPT',
      `Cannot read value ${outer.id}: what was encrypted is no value`,
      { cause },
    )
  }
}
