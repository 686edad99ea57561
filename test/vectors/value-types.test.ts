// SPDX-License-Identifier: MIT
// The default value types and their payloads, as the C++ implementation has them.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import { defaultTypes } from '../../src/core/value/default-types.ts'
import { packedValue } from '../../src/core/value/pack-value.ts'
import {
  certificateData,
  readMessageService,
  readServiceAddress,
  serviceAddressData,
  unwrapCertificate,
} from '../../src/core/value/service-data.ts'
import { TypeStore } from '../../src/core/value/type-store.ts'
import { unpackValueBytes } from '../../src/core/value/unpack-value.ts'
import { Value } from '../../src/core/value/value.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'

interface TypeVectors {
  payloads: {
    type: string
    type_id: number
    type_name: string
    expiration_s: number
    data: string
    note: string
  }[]
}

interface CertificateVectors {
  values: { version: string; storage_key: string; packed_value: string }[]
}

const KEY = InfoHash.get('key')
const SENDER = SocketAddress.parse('198.51.100.9', 4000)!
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Payloads that are the application's business, written here from their descriptions. */
const WRITTEN: Record<string, (writer: MsgpackWriter) => void> = {
  "no structure: data is the application's bytes": (w) => w.raw(utf8('raw bytes')),
  'service=svc data=payload': (w) => {
    w.arrayHeader(2)
    w.text('svc')
    w.binary(utf8('payload'))
  },
  "id=42 msg='hi there' date=1700000000 status=READ(3) datatype=text/plain metadatas={k:v}": (w) =>
    writeMessage(w, 'hi there', 1_700_000_000, 3, 'text/plain', { k: 'v' }),
  defaults: (w) => writeMessage(w, 'hi', 0, 0, '', {}),
  'service=cx.ring conversationId=conv payload=pl confirm=false': (w) => {
    w.mapHeader(4)
    w.key('service')
    w.text('cx.ring')
    w.key('conversationId')
    w.text('conv')
    w.key('payload')
    w.binary(utf8('pl'))
    w.key('confirm')
    w.boolean(false)
  },
  'id=99 data=ice': (w) => {
    w.arrayHeader(2)
    w.unsigned(99)
    w.binary(utf8('ice'))
  },
}

function writeMessage(
  w: MsgpackWriter,
  text: string,
  date: number,
  status: number,
  type: string,
  metadata: Record<string, string>,
): void {
  w.mapHeader(6)
  w.key('id')
  w.uint64(42n)
  w.key('msg')
  w.text(text)
  w.key('date')
  w.unsigned(date)
  w.key('status')
  w.unsigned(status)
  w.key('datatype')
  w.text(type)
  w.key('metadatas')
  w.mapHeader(Object.keys(metadata).length)
  for (const [key, value] of Object.entries(metadata)) {
    w.text(key)
    w.text(value)
  }
}

suite('value type vectors', () => {
  const { payloads } = loadVectors<TypeVectors>('core/value-types')
  const types = new TypeStore(defaultTypes())

  for (const vector of payloads) {
    test(`${vector.type}: ${vector.note}`, () => {
      const type = types.get(vector.type_id)
      const data = fromHex(vector.data)
      const value = new Value({ id: 1n, type: vector.type_id, data })
      assert.equal(type.id, vector.type_id)
      assert.equal(type.name, vector.type_name)
      assert.equal(type.lifetimeMs, 1000 * vector.expiration_s)
      assert.ok(type.storePolicy(KEY, value, SENDER))
      if (vector.type === 'IpServiceAnnouncement') {
        assert.equal(`${readServiceAddress(data)}`, vector.note)
        assert.equal(toHex(serviceAddressData(readServiceAddress(data)!)), vector.data)
        return
      }
      if (vector.type === 'DhtMessage') assert.equal(readMessageService(data), 'svc')
      const writer = new MsgpackWriter()
      WRITTEN[vector.note]!(writer)
      assert.equal(toHex(writer.take()), vector.data)
    })
  }
})

suite('published certificates', () => {
  const { values } = loadVectors<CertificateVectors>('core/certificate-announce')

  for (const { version, storage_key, packed_value } of values) {
    test(`the one of ${version} is unwrapped, and accepted at its key alone`, () => {
      const value = unpackValueBytes(fromHex(packed_value))
      const key = InfoHash.fromHex(storage_key)!
      const pem = unwrapCertificate(value.data)
      assert.match(Buffer.from(pem).toString('latin1'), /^-----BEGIN CERTIFICATE-----/)
      assert.deepEqual(certificateData(pem), value.data)
      assert.equal(toHex(packedValue(value)), packed_value)

      const certificateKeys = (certificate: Uint8Array): InfoHash[] | undefined =>
        Buffer.from(certificate).equals(pem) ? [key] : undefined
      const type = new TypeStore(defaultTypes({ certificateKeys })).get(value.type)
      assert.equal(type.name, 'Certificate')
      assert.equal(type.storePolicy(key, value, SENDER), value)
      assert.equal(type.storePolicy(KEY, value, SENDER), undefined)
      assert.equal(new TypeStore(defaultTypes()).get(8).storePolicy(key, value, SENDER), undefined)
    })
  }
})
