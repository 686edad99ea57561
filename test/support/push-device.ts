// SPDX-License-Identifier: MIT
// The other end of encrypted push messages (RFC 8291), written from the standard and not from our
// sender: derives the keys step by step, and reads one record.

import { createDecipheriv, createECDH, createHmac, type ECDH, randomBytes } from 'node:crypto'

export interface Device {
  readonly pair: ECDH
  readonly p256dh: string
  readonly auth: string
}

export function newDevice(): Device {
  const pair = createECDH('prime256v1')
  pair.generateKeys()
  return {
    pair,
    p256dh: pair.getPublicKey('base64url'),
    auth: randomBytes(16).toString('base64url'),
  }
}

/** Throws when the message is not for the device, or was changed. */
export function decryptMessage({ pair, auth }: Device, message: Uint8Array): Buffer {
  const bytes = Buffer.from(message)
  const salt = bytes.subarray(0, 16)
  const idLength = bytes[20]!
  const sender = bytes.subarray(21, 21 + idLength)
  const record = bytes.subarray(21 + idLength)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), pair.getPublicKey(), sender])
  const input = expand(hmac(Buffer.from(auth, 'base64url'), pair.computeSecret(sender)), info)
  const prk = hmac(salt, input)
  const key = expand(prk, Buffer.from('Content-Encoding: aes128gcm\0')).subarray(0, 16)
  const nonce = expand(prk, Buffer.from('Content-Encoding: nonce\0')).subarray(0, 12)
  const cipher = createDecipheriv('aes-128-gcm', key, nonce)
  cipher.setAuthTag(record.subarray(-16))
  const plain = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()])
  if (plain.at(-1) !== 2) throw new Error('the record is not the last one')
  return plain.subarray(0, -1)
}

/** The first block of HKDF's output, which is all that is ever needed here. */
function expand(key: Uint8Array, info: Uint8Array): Buffer {
  return hmac(key, Buffer.concat([info, Uint8Array.of(1)]))
}

function hmac(key: Uint8Array, data: Uint8Array): Buffer {
  return createHmac('sha256', key).update(data).digest()
}
