// SPDX-License-Identifier: MIT
// Content of push messages that only the device can read: one aes128gcm record (RFC 8188) with keys
// from an ECDH exchange on P-256 and the device's secret (RFC 8291).

import { createCipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from 'node:crypto'
import { utf8 } from '../../../core/util/bytes.ts'

/** What a device gives with its subscription, as bytes. */
export interface DeviceKeys {
  /** Its public key, an uncompressed point of 65 bytes. */
  readonly publicKey: Uint8Array
  /** The secret that both sides share. */
  readonly secret: Uint8Array
}

/** Drawn anew for each message; a parameter so that the vectors of the standard can be tested. */
export interface EncryptionSeed {
  readonly salt: Uint8Array
  readonly privateKey: Uint8Array
}

/** Push services take 4096 bytes; 103 of them are the header, the tag and the delimiter. */
export const MAX_PLAINTEXT_BYTES = 3993

const CURVE = 'prime256v1'
const POINT_BYTES = 65
const MIN_SECRET_BYTES = 16
const SALT_BYTES = 16
const MIN_RECORD_BYTES = 4096
const LAST_RECORD = Uint8Array.of(2)
const KEY_INFO = utf8('Content-Encoding: aes128gcm\0')
const NONCE_INFO = utf8('Content-Encoding: nonce\0')

/**
 * Reads the two texts of a subscription, base64 or base64url. Returns undefined when they are not a
 * point of the curve and a secret.
 */
export function readDeviceKeys(p256dh: string, auth: string): DeviceKeys | undefined {
  // Node.js reads both alphabets, padded or not, and skips what belongs to neither.
  const publicKey = Buffer.from(p256dh, 'base64')
  const secret = Buffer.from(auth, 'base64')
  if (publicKey.length !== POINT_BYTES || publicKey[0] !== 4) return undefined
  if (secret.length < MIN_SECRET_BYTES || !isOnCurve(publicKey)) return undefined
  return { publicKey, secret }
}

/** The body of a message with `Content-Encoding: aes128gcm`. */
export function encryptMessage(
  plaintext: Uint8Array,
  { publicKey, secret }: DeviceKeys,
  seed?: EncryptionSeed,
): Uint8Array {
  const ours = createECDH(CURVE)
  if (seed === undefined) ours.generateKeys()
  else ours.setPrivateKey(seed.privateKey)
  const salt = seed?.salt ?? randomBytes(SALT_BYTES)
  const { key, nonce } = deriveKeys(ours, { publicKey, secret }, salt)
  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  const ciphertext = [cipher.update(plaintext), cipher.update(LAST_RECORD), cipher.final()]
  const record = Buffer.concat([...ciphertext, cipher.getAuthTag()])
  const size = Buffer.alloc(4)
  size.writeUInt32BE(Math.max(MIN_RECORD_BYTES, record.length))
  return Buffer.concat([salt, size, Uint8Array.of(POINT_BYTES), ours.getPublicKey(), record])
}

function deriveKeys(
  ours: ECDH,
  device: DeviceKeys,
  salt: Uint8Array,
): { key: Buffer; nonce: Buffer } {
  const shared = ours.computeSecret(device.publicKey)
  const info = ['WebPush: info\0', device.publicKey, ours.getPublicKey()]
  const input = hkdf(shared, device.secret, Buffer.concat(info.map((it) => Buffer.from(it))), 32)
  return { key: hkdf(input, salt, KEY_INFO, 16), nonce: hkdf(input, salt, NONCE_INFO, 12) }
}

function hkdf(input: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', input, salt, info, bytes))
}

function isOnCurve(point: Uint8Array): boolean {
  const probe = createECDH(CURVE)
  probe.generateKeys()
  try {
    probe.computeSecret(point)
    return true
  } catch {
    // The one reason to fail is a point that is not on the curve.
    return false
  }
}
