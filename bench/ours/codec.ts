// SPDX-License-Identifier: MIT
// The codec alone: messages as they travel between two engines of ours, decoded and encoded, and
// values packed and unpacked. Internal, so always from the sources. Counterpart of cpp/codec.cpp.
//   codec secs=0.5

import { InfoHash } from '../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import { packedValue } from '../../src/core/value/pack-value.ts'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { unpackValueBytes } from '../../src/core/value/unpack-value.ts'
import { Value } from '../../src/core/value/value.ts'
import { decodeMessage } from '../../src/core/wire/decode-message.ts'
import { Message } from '../../src/core/wire/message.ts'
import { MessageEncoder } from '../../src/core/wire/message-encoder.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { cpuSeconds, number, printRow, someBytes } from '../harness/driver.ts'

const BLOCK = 1000
const WARM_UP = 20_000

const key = InfoHash.get('key')
const config = { id: InfoHash.get('node'), network: 0, isClient: false, agent: 'ts' }
const encoder = new MessageEncoder(config)
const writer = new MsgpackWriter(2048)
const message = new Message()
const to = SocketAddress.v4(0x7f000001, 4222)
const lists = { nodes4: someBytes(8 * 26, 1), nodes6: new Uint8Array() }
const token = someBytes(32, 2)
const value = new Value({ id: 1n, data: someBytes(100, 3) })
const packed = packedValue(value)
const data = someBytes(100, 4)
let sink = 0

const writes: Record<string, () => void> = {
  'get request': () => encoder.get(writer, 7, key, QUERY_ALL),
  'reply with 8 nodes': () => encoder.nodes(writer, 7, to, lists, token),
  'reply with 8 nodes and a value': () =>
    encoder.nodes(writer, 7, to, lists, token, { kind: 'values', packed: [packed] }),
}
for (const [name, write] of Object.entries(writes)) {
  measure(`encode ${name}`, () => {
    writer.position = 0
    write()
    sink += writer.position
  })
  const bytes = writer.target.slice(0, writer.position)
  measure(`decode ${name}`, () => {
    decodeMessage(message, bytes)
    sink += message.kind
  })
}
measure('pack a value of 100 bytes', () => {
  sink += packedValue(value).length
})
measure('unpack a value of 100 bytes', () => {
  sink += unpackValueBytes(packed).data.length
})
measure('hash of 100 bytes to a key', () => {
  sink += InfoHash.get(data).isZero ? 1 : 0
})
// Nothing that was computed may look unused.
process.exitCode = Number.isNaN(sink) ? 1 : 0

function measure(row: string, operation: () => void): void {
  for (let i = 0; i < WARM_UP; i++) operation()
  const cpu = cpuSeconds()
  const end = performance.now() + number('secs', 0.5) * 1000
  let count = 0
  do {
    for (let i = 0; i < BLOCK; i++) operation()
    count += BLOCK
  } while (performance.now() < end)
  printRow(row, { ns: ((cpuSeconds() - cpu) * 1e9) / count })
}
