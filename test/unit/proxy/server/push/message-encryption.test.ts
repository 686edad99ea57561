// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { createECDH } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  encryptMessage,
  MAX_PLAINTEXT_BYTES,
  readDeviceKeys,
} from '../../../../../src/proxy/server/push/message-encryption.ts'
import { decryptMessage, newDevice } from '../../../../support/push-device.ts'

const base64 = (text: string): Buffer => Buffer.from(text, 'base64url')

/** RFC 8291, appendix A. */
const RFC = {
  plaintext: 'V2hlbiBJIGdyb3cgdXAsIEkgd2FudCB0byBiZSBhIHdhdGVybWVsb24',
  serverKey: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  devicePublic:
    'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  secret: 'BTBZMqHH6r4Tts7J_aSIgg',
  message:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS' +
    '6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu' +
    'lcy4a-fN',
}

suite('encrypted push messages', () => {
  test('are those of the standard', () => {
    const keys = readDeviceKeys(RFC.devicePublic, RFC.secret)
    assert(keys !== undefined)
    const seed = { salt: base64(RFC.salt), privateKey: base64(RFC.serverKey) }
    const message = encryptMessage(base64(RFC.plaintext), keys, seed)
    assert.equal(Buffer.from(message).toString('base64url'), RFC.message)
  })

  test('are read by the device, and differ each time', () => {
    const device = newDevice()
    const keys = readDeviceKeys(device.p256dh, device.auth)!
    const messages = [1, 2].map(() => encryptMessage(Buffer.from('{"a":1}'), keys))
    for (const message of messages) {
      assert.equal(decryptMessage(device, message).toString(), '{"a":1}')
    }
    assert.notDeepEqual(messages[0], messages[1])
  })

  test('fit into what push services take', () => {
    const { p256dh, auth } = newDevice()
    const keys = readDeviceKeys(p256dh, auth)!
    assert.equal(encryptMessage(Buffer.alloc(MAX_PLAINTEXT_BYTES), keys).length, 4096)
  })

  test('take keys in both alphabets of base64', () => {
    const point = createECDH('prime256v1').generateKeys()
    const secret = Buffer.from('++++////++++////////AA==', 'base64')
    for (const alphabet of ['base64', 'base64url'] as const) {
      const keys = readDeviceKeys(point.toString(alphabet), secret.toString(alphabet))
      assert.deepEqual(keys, { publicKey: point, secret })
    }
  })

  test('need keys that are a point of the curve and a secret', () => {
    const { p256dh, auth } = newDevice()
    const offCurve = Buffer.from(p256dh, 'base64url')
    offCurve[40]! ^= 1
    assert.equal(readDeviceKeys(offCurve.toString('base64url'), auth), undefined)
    assert.equal(readDeviceKeys(p256dh.slice(0, -2), auth), undefined)
    assert.equal(readDeviceKeys(p256dh, auth.slice(0, -2)), undefined)
    assert.equal(readDeviceKeys('', ''), undefined)
  })
})
