// SPDX-License-Identifier: MIT
// MessagePack reader on literal bytes: every form of every item that the protocol knows, truncation
// at every byte, and hostile counts and depths.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WireError } from '../../../../src/core/errors.ts'
import { fromUtf8 } from '../../../../src/core/util/bytes.ts'
import { MsgpackReader } from '../../../../src/core/wire/msgpack-reader.ts'

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

function reader(hex: string): MsgpackReader {
  return new MsgpackReader(bytes(hex))
}

function reads(hex: string, expected: unknown, read: (reader: MsgpackReader) => unknown): void {
  assert.deepEqual(whole(hex, read), expected)
}

/** Reads one item and checks that it was all there was. */
function whole<T>(hex: string, read: (reader: MsgpackReader) => T): T {
  const from = reader(hex)
  const result = read(from)
  assert.equal(from.position, from.end, `all of ${hex}`)
  return result
}

function refuses(hex: string, read: (reader: MsgpackReader) => unknown, text = /./): void {
  assert.throws(
    () => read(reader(hex)),
    (error) => error instanceof WireError && text.test(error.message),
    hex,
  )
}

describe('MsgpackReader integers', () => {
  it('reads a number in any of the forms that hold it', () => {
    for (const hex of ['05', 'cc05', 'cd0005', 'ce00000005', 'cf0000000000000005']) {
      reads(hex, 5, (r) => r.unsigned(5))
      reads(hex, 5, (r) => r.integer())
      reads(hex, 5n, (r) => r.uint64())
      reads(hex, 5n, (r) => r.int64())
    }
    for (const hex of ['d005', 'd10005', 'd200000005', 'd30000000000000005']) {
      reads(hex, 5, (r) => r.unsigned(5))
      reads(hex, 5, (r) => r.integer())
      reads(hex, 5n, (r) => r.uint64())
      reads(hex, 5n, (r) => r.int64())
      assert(reader(hex).nextIsUnsigned)
    }
    for (const hex of ['fb', 'd0fb', 'd1fffb', 'd2fffffffb', 'd3fffffffffffffffb']) {
      reads(hex, -5, (r) => r.integer())
      reads(hex, -5n, (r) => r.int64())
      assert(!reader(hex).nextIsUnsigned)
      assert(reader(hex).nextIsInteger)
    }
  })

  it('reads the borders of each form', () => {
    reads('7f', 127, (r) => r.integer())
    reads('e0', -32, (r) => r.integer())
    reads('ff', -1, (r) => r.integer())
    reads('d080', -128, (r) => r.integer())
    reads('d18000', -32768, (r) => r.integer())
    reads('d280000000', -0x80000000, (r) => r.integer())
    reads('ceffffffff', 0xffffffff, (r) => r.unsigned(0xffffffff))
    reads('cf001fffffffffffff', 2 ** 53 - 1, (r) => r.unsigned(2 ** 53 - 1))
    reads('d3ffe0000000000001', -(2 ** 53 - 1), (r) => r.integer())
    reads('cfffffffffffffffff', 2n ** 64n - 1n, (r) => r.uint64())
    reads('cfffffffffffffffff', 2n ** 64n - 1n, (r) => r.int64())
    reads('d37fffffffffffffff', 2n ** 63n - 1n, (r) => r.uint64())
    reads('d37fffffffffffffff', 2n ** 63n - 1n, (r) => r.int64())
    reads('d38000000000000000', -(2n ** 63n), (r) => r.int64())
  })

  it('refuses what is out of range', () => {
    refuses('06', (r) => r.unsigned(5), /range/)
    refuses('ce00010000', (r) => r.unsigned(65535), /range/)
    refuses('cf0000000100000000', (r) => r.unsigned(0xffffffff), /range/)
    refuses('cf0020000000000000', (r) => r.unsigned(2 ** 53 - 1), /range/)
    refuses('cf0020000000000001', (r) => r.unsigned(2 ** 53 - 1), /range/)
    refuses('cfffffffffffffffff', (r) => r.unsigned(2 ** 53 - 1), /range/)
    for (const hex of ['ff', 'd0ff', 'd1ffff', 'd2ffffffff', 'd3ffffffffffffffff']) {
      refuses(hex, (r) => r.unsigned(10), /range/)
      refuses(hex, (r) => r.uint64(), /range/)
    }
  })

  it('refuses what is no integer', () => {
    const others = ['c0', 'c1', 'c2', 'c3', 'c40100', 'ca00000000', 'cb0000000000000000', 'd40000']
    for (const hex of [...others, 'a0', 'a130', 'd900', 'dc0000', 'de0000', '80', '90']) {
      refuses(hex, (r) => r.unsigned(10), /type/)
      refuses(hex, (r) => r.integer(), /type/)
      refuses(hex, (r) => r.uint64(), /type/)
      refuses(hex, (r) => r.int64(), /type/)
      assert(!reader(hex).nextIsInteger)
      assert(!reader(hex).nextIsUnsigned)
    }
  })

  it('does not look past the end to find out the sign', () => {
    const cut = new MsgpackReader(bytes('d005'), 0, 1)
    assert(!cut.nextIsUnsigned)
    assert.throws(() => cut.integer(), WireError)
  })
})

describe('MsgpackReader strings', () => {
  function text(hex: string): string {
    return whole(hex, (r) => r.string(fromUtf8))
  }

  it('reads text in every form', () => {
    for (const hex of ['a26869', 'd9026869', 'da00026869', 'db000000026869']) {
      assert.equal(text(hex), 'hi')
      assert(reader(hex).nextIsText)
      assert(!reader(hex).nextIsBinary)
    }
    assert.equal(text('a0'), '')
    assert.equal(text(`bf${'61'.repeat(31)}`), 'a'.repeat(31))
  })

  it('says where a string lies instead of copying it', () => {
    const from = new MsgpackReader(bytes('ff c403 010203 a2 6869 ff'), 1, 9)
    from.binary()
    assert.deepEqual([from.offset, from.length, from.position], [3, 3, 6])
    from.text()
    assert.deepEqual([from.offset, from.length, from.position], [7, 2, 9])
  })

  it('reads binary in every form', () => {
    for (const hex of ['c4020102', 'c500020102', 'c6000000020102']) {
      reads(hex, Uint8Array.of(1, 2), (r) => r.looseBytes())
      assert(reader(hex).nextIsBinary)
      assert(!reader(hex).nextIsText)
    }
    reads('c400', new Uint8Array(0), (r) => r.looseBytes())
  })

  it('takes text and arrays of small integers for loose bytes', () => {
    reads('a20102', Uint8Array.of(1, 2), (r) => r.looseBytes())
    reads('9201ccff', Uint8Array.of(1, 255), (r) => r.looseBytes())
    reads('dc0001d001', Uint8Array.of(1), (r) => r.looseBytes())
    reads('90', new Uint8Array(0), (r) => r.looseBytes())
    for (const hex of ['91cd0100', '91ff', '91c0', '91a0', '9190', '80', 'c0', '05', 'd40000']) {
      refuses(hex, (r) => r.looseBytes())
    }
  })

  it('does not take one kind of string for the other', () => {
    refuses('a26869', (r) => r.binary(), /type/)
    refuses('c4026869', (r) => r.text(), /type/)
    refuses('9168', (r) => r.text(), /type/)
  })

  it('refuses lengths beyond the end', () => {
    for (const hex of ['a1', 'bf00', 'd901', 'da0001', 'daffff00', 'db00000001', 'dbffffffff00']) {
      refuses(hex, (r) => r.text(), /middle/)
    }
    for (const hex of ['c401', 'c4ff00', 'c50001', 'c5ffff00', 'c600000001', 'c6ffffffff00']) {
      refuses(hex, (r) => r.binary(), /middle/)
    }
  })
})

describe('MsgpackReader containers', () => {
  it('reads headers in every form', () => {
    for (const hex of ['82', 'de0002', 'df00000002']) {
      const from = reader(`${hex}00000000`)
      assert(from.nextIsMap && !from.nextIsArray)
      assert.equal(from.mapHeader(), 2)
    }
    for (const hex of ['92', 'dc0002', 'dd00000002']) {
      const from = reader(`${hex}0000`)
      assert(from.nextIsArray && !from.nextIsMap)
      assert.equal(from.arrayHeader(), 2)
    }
  })

  it('refuses counts that cannot fit in what is left', () => {
    for (const hex of ['8100', '82000000', 'de000100', 'dfffffffff00', 'df8000000000']) {
      refuses(hex, (r) => r.mapHeader(), /middle/)
    }
    for (const hex of ['91', '9200', 'dc0001', 'ddffffffff00', 'dd0000000200']) {
      refuses(hex, (r) => r.arrayHeader(), /middle/)
    }
  })

  it('does not take one container for the other', () => {
    refuses('9100', (r) => r.mapHeader(), /type/)
    refuses('810000', (r) => r.arrayHeader(), /type/)
  })

  it('reads booleans and nothing else as such', () => {
    reads('c2', false, (r) => r.boolean())
    reads('c3', true, (r) => r.boolean())
    for (const hex of ['c0', '00', '01', 'a0']) refuses(hex, (r) => r.boolean(), /type/)
  })

  it('reads extensions of every size', () => {
    const forms: [string, number][] = [
      ['d4 05 00', 1],
      ['d5 05 0000', 2],
      ['d6 05 00000000', 4],
      ['d7 05 0000000000000000', 8],
      [`d8 05 ${'00'.repeat(16)}`, 16],
      ['c7 00 05', 0],
      ['c7 03 05 000000', 3],
      ['c8 0003 05 000000', 3],
      ['c9 00000003 05 000000', 3],
    ]
    for (const [hex, length] of forms) {
      const from = reader(hex)
      assert.equal(from.extension(), 5)
      assert.equal(from.length, length)
      assert.equal(from.offset, from.end - length)
      assert.equal(from.position, from.end)
    }
    reads('d4ff00', -1, (r) => r.extension())
    refuses('c1', (r) => r.extension(), /type/)
    refuses('c7ff0500', (r) => r.extension(), /middle/)
  })
})

describe('MsgpackReader range', () => {
  it('reads within its range only', () => {
    const source = bytes('0102030405')
    const from = new MsgpackReader(source, 1, 3)
    assert.equal(from.unsigned(9), 2)
    assert.equal(from.unsigned(9), 3)
    assert.equal(from.peek(), -1)
    assert.throws(() => from.unsigned(9), WireError)
    from.reset(source, 4, 5)
    assert.equal(from.peek(), 5)
    assert.equal(from.unsigned(9), 5)
  })

  it('knows nothing of the next item at the end', () => {
    const from = reader('')
    const { nextIsArray, nextIsMap, nextIsText, nextIsBinary, nextIsUnsigned, nextIsInteger } = from
    const all = [nextIsArray, nextIsMap, nextIsText, nextIsBinary, nextIsUnsigned, nextIsInteger]
    assert(all.every((next) => next === false))
    for (const read of [
      () => from.skip(),
      () => from.mapHeader(),
      () => from.arrayHeader(),
      () => from.looseBytes(),
      () => from.integer(),
      () => from.uint64(),
      () => from.int64(),
      () => from.boolean(),
      () => from.extension(),
    ]) {
      assert.throws(read, { name: 'WireError', message: /middle/ })
    }
  })
})

describe('MsgpackReader skipping', () => {
  const items = [
    '00 7f e0 ff c0 c2 c3',
    'cc80 cd8000 ce80000000 cf8000000000000000',
    'd080 d18000 d280000000 d38000000000000000',
    'ca00000000 cb0000000000000000',
    'a0 a26869 d9026869 da00026869 db000000026869',
    'c400 c4020102 c500020102 c6000000020102',
    'd40500 d5050000 d60500000000 d7050000000000000000',
    `d805${'00'.repeat(16)} c70005 c70305000000 c8000305000000 c90000000305000000`,
    '80 90 8101c0 9201c0 de0000 dc0000 df00000000 dd00000000',
    '82a16193010203a16281c0c0 93919190c0c0',
  ].flatMap((line) => line.split(' '))

  it('passes over exactly one item of any kind', () => {
    for (const hex of items) whole(hex, (r) => r.skip())
    const all = reader(items.join(''))
    for (let i = 0; i < items.length; i++) all.skip()
    assert.equal(all.position, all.end)
  })

  it('refuses every item that is cut short', () => {
    for (const hex of items) {
      for (let length = 0; length < hex.length; length += 2) {
        refuses(hex.slice(0, length), (r) => r.skip(), /middle/)
      }
    }
  })

  it('refuses the byte that is never used', () => {
    refuses('c1', (r) => r.skip(), /type/)
    refuses('91c1', (r) => r.skip(), /type/)
  })

  it('goes sixteen levels deep and no further', () => {
    whole(`${'91'.repeat(15)}c0`, (r) => r.skip())
    whole(`${'8100'.repeat(15)}c0`, (r) => r.skip())
    refuses(`${'91'.repeat(16)}c0`, (r) => r.skip(), /nested/)
    refuses('91'.repeat(65_000), (r) => r.skip(), /nested/)
    refuses('dd0000ffff'.repeat(13_000), (r) => r.skip())
  })

  it('reads each byte of the most nested datagram a few times at most', () => {
    const size = 65_507
    const hostile = ['91', '9f', '8f', 'dc00ff', 'dd00000fff', 'df000000ff', 'dcffff', 'c0', '9200']
    for (const pattern of hostile) {
      let touched = 0
      const contents = bytes(pattern.repeat(Math.ceil((2 * size) / pattern.length))).subarray(
        0,
        size,
      )
      const source = new Proxy(contents, {
        get(target, property) {
          touched++
          assert(Number(property) < size, `read at ${String(property)}`)
          return target[Number(property)]
        },
      })
      const from = new MsgpackReader(source, 0, size)
      try {
        while (from.position < size) from.skip()
      } catch (error) {
        assert(error instanceof WireError)
      }
      assert(touched <= 12 * size, `${pattern}: ${touched} reads`)
    }
  })
})
