// SPDX-License-Identifier: MIT
// The commands, fed line by line through a pipe to a fake node. Tests that say "recorded" expect
// the lines of sessions with C++ nodes.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { utf8 } from '../../../src/core/util/bytes.ts'
import { Value } from '../../../src/core/value/value.ts'
import { Console, run } from './console.ts'

const MYKEY = '816cc20437d859538736e1ef46558b7bda486c06'
const USING = `Using h(mykey) = ${MYKEY}`

const hello = new Value({ id: 0x606a_d4dc_14c0_bbbdn, data: utf8('hello'), userType: 'text/plain' })
const other = new Value({ id: 5n, data: utf8('permanent'), userType: 'text/plain' })

describe('get', () => {
  test('shows what was found and how long it took, as recorded', async () => {
    const { lines, node } = await run({ values: [hello, other] }, 'g mykey')
    assert.deepEqual(lines, [
      USING,
      'Get: found 2 value(s) after TIME (total 2)',
      '\tValue[id:ID data(text/plain):"hello"]',
      '\tValue[id:5 data(text/plain):"permanent"]',
      'Get: completed, took TIME (total 2)',
    ])
    assert.deepEqual(node.calls, [`get ${MYKEY}`])
  })

  test('takes 40 digits as they are, and conditions', async () => {
    const key = '2'.repeat(40)
    const { lines, node } = await run({}, `g ${key} WHERE id=1`, `g ${key} seq=2`)
    assert.deepEqual(lines.slice(0, 1), ['Get: completed, took TIME (total 0)'])
    assert.deepEqual(node.calls, [`get ${key} WHERE id=1`, `get ${key} WHERE seq=2`])
  })

  test('says why it failed', async () => {
    const { lines } = await run({ failure: 'ERR_DHT_NO_NODES' }, 'g mykey')
    const reason = 'no node of the network answered'
    assert.deepEqual(lines, [USING, `Get: failure, took TIME (total 0): ${reason}`])
  })

  test('needs a key, and fields that exist', async () => {
    const { out, errors, node } = await run({}, 'g', 'g mykey WHERE colour=blue')
    assert.equal(out, `${USING}\n`)
    assert.match(errors, /^Syntax error: no key\. Syntax: g KEY \[WHERE \.\.\.\]\n.*colour.*\n$/)
    assert.deepEqual(node.calls, [])
  })
})

describe('query', () => {
  test('shows fields as recorded', async () => {
    const { lines, node } = await run(
      { values: [hello, other] },
      'q mykey SELECT id WHERE value_type=0',
    )
    assert.deepEqual(lines, [
      USING,
      'Query: found field value index after TIME',
      '\tIndex[Id:ID]',
      'Query: found field value index after TIME',
      '\tIndex[Id:5]',
      'Query: completed, took TIME',
    ])
    assert.deepEqual(node.calls, [`query ${MYKEY} Query[SELECT id WHERE value_type=0]`])
  })

  test('without a selection asks for all fields', async () => {
    const { node } = await run({}, 'q mykey')
    assert.match(node.calls[0]!, /SELECT id,value_type,owner_public_key,seq,user_type/)
  })
})

describe('put', () => {
  test('says how long it took and under which id, as recorded', async () => {
    const { lines, node } = await run({}, 'p mykey hello', 'pp mykey permanent')
    assert.deepEqual(lines.toSorted(), [
      'Put: success, took TIME. Value ID: ID',
      'Put: success, took TIME. Value ID: ID',
      USING,
      USING,
    ])
    assert.deepEqual(node.calls, [`put ${MYKEY}`, `put ${MYKEY} permanent`])
    const [value] = node.values
    assert.equal(value!.userType, 'text/plain')
    assert.equal(value!.type, 0)
    assert.ok(value!.id > 0n)
  })

  test('keeps spaces inside the text', async () => {
    const { node } = await run({}, '  p   mykey   two  words ')
    assert.equal(Buffer.from(node.values[0]!.data).toString(), 'two  words')
  })

  test('without a network says that the value is stored locally only', async () => {
    const { lines } = await run({ failure: 'ERR_DHT_NO_NODES' }, 'p mykey hello')
    assert.match(
      lines[1]!,
      /^Put: failure, took TIME\. Value ID: ID \(stored locally only: no node .* answered\)$/,
    )
  })

  test('needs a text', async () => {
    const { errors, node } = await run({}, 'p', 'p mykey', 'pp mykey  ')
    assert.match(errors, /no key.*\n.*no value. Syntax: p KEY TEXT\n.*pp KEY TEXT\n$/)
    assert.deepEqual(node.calls, [])
  })

  test('is cancelled by its id in hexadecimal', async () => {
    const { node, errors } = await run({ values: [other] }, 'cpp mykey 5', 'cpp mykey fF')
    assert.deepEqual(node.calls, [`cancelPut ${MYKEY} 5`, `cancelPut ${MYKEY} 255`])
    assert.equal(errors, 'No running put of value ff on this key\n')
    const wrong = await run({}, 'cpp mykey', 'cpp mykey xyz', `cpp mykey ${'f'.repeat(17)}`)
    assert.match(wrong.errors, /^(Syntax error: invalid value id: .*\n){3}$/)
  })
})

describe('announce', () => {
  test('stores the port, at the address that others see, and prints as recorded', async () => {
    const { lines, node } = await run({}, 'a svc 4567')
    assert.deepEqual(lines, [
      'Using h(svc) = a0089182becd921781d5ba1e58fa4d129b24060f',
      'Announce: success (took TIME)',
    ])
    assert.equal(node.values[0]!.type, 2)
    const sockaddr = '02 00 11 d7 7f 00 00 01 00 00 00 00 00 00 00 00'.replaceAll(' ', '')
    assert.equal(Buffer.from(node.values[0]!.data).toString('hex'), `c410${sockaddr}`)
    const unknown = await run({ publicAddresses: () => [] }, 'a svc 4567')
    const anywhere = sockaddr.replace('7f000001', '00000000')
    assert.equal(Buffer.from(unknown.node.values[0]!.data).toString('hex'), `c410${anywhere}`)
  })

  test('needs a port', async () => {
    const { errors, node } = await run({}, 'a svc', 'a svc 0', 'a svc 65536', 'a svc http')
    assert.match(errors, /^(Syntax error: invalid port: .*\n){4}$/)
    assert.deepEqual(node.calls, [])
  })
})

describe('listen', () => {
  test('shows what is there, what comes and what expires, until it is cancelled', async () => {
    const console = new Console()
    console.node.values.push(hello)
    console.type('l mykey')
    await console.until(/total 1/)
    console.type('p mykey again')
    await console.until(/Put: success/)
    console.node.change(hello, true)
    await console.until(/expired/)
    console.type('cl mykey 1')
    console.stdin.end()
    await console.done
    const { lines } = console
    assert.deepEqual(lines.slice(0, 5), [
      USING,
      'Listening, token: 1',
      'Listen: found 1 values (total 1)',
      '\tValue[id:ID data(text/plain):"hello"]',
      USING,
    ])
    // The put and the listener that sees it are independent of each other.
    assert.deepEqual(lines.slice(5, 8).toSorted(), [
      '\tValue[id:ID data(text/plain):"again"]',
      'Listen: found 1 values (total 2)',
      'Put: success, took TIME. Value ID: ID',
    ])
    assert.deepEqual(lines.slice(8), [
      'Listen: found 1 values expired (total 1)',
      '\tValue[id:ID data(text/plain):"hello"]',
      USING,
    ])
    assert.ok(console.node.calls.includes('listen ended'))
    assert.equal(console.errors, '')
  })

  test('has its own token for every listen, which belongs to the key', async () => {
    const { out, errors } = await run(
      {},
      'l mykey',
      'l other',
      'cl mykey 2',
      'cl mykey 1',
      'cl mykey 1',
      'cl mykey',
      'cl mykey x',
    )
    assert.match(out, /Listening, token: 1\n.*\nListening, token: 2\n/)
    assert.deepEqual(errors.split('\n'), [
      'No listen with token 2 on this key',
      'No listen with token 1 on this key',
      'Syntax error: invalid token: (none). Syntax: cl KEY TOKEN',
      'Syntax error: invalid token: x. Syntax: cl KEY TOKEN',
      '',
    ])
  })
})

describe('the state of the node', () => {
  test('is shown by ll and la', async () => {
    const { out } = await run({}, 'll', 'la')
    const id = InfoHash.get('fake')
    assert.ok(
      out.includes(`OpenDHT node ${id} running on port 4222
Storage: 6 values, 16 B
Local storage: 5 values, 9 B
Ongoing operations: 10
Ready: yes (IPv4 ready, IPv6 no-socket)
IPv4 stats:
Known nodes: 1 good, 2 dubious, 3 incoming.
5 searches, 4 total cached nodes
`),
    )
    assert.ok(out.includes('Reported public addresses:\n127.0.0.1\n2001:db8::1\n'))
  })

  test('is shown in detail by lr, ls and ld, of one key if wanted', async () => {
    const { out } = await run({}, 'lr', 'ls', 'ld', 'ls mykey', 'ld mykey', 'ld svc')
    assert.ok(out.startsWith('IPv4 routing table:\n\nIPv6 routing table:\n\n'))
    assert.match(out, /\nTotal: 1 searches \(1 IPv4, 0 IPv6\)\.\n\n/)
    assert.match(
      out,
      /\nTotal 1 storages, 2 values \(0 \/ 65536 KB remote, 0 \/ unlimited local\)\n/,
    )
    const [, onlyMykey] = out.split(`${USING}\n`)
    assert.match(onlyMykey!, /^u:.*\nTotal: 0 searches \(0 IPv4, 0 IPv6\)\.\n\n$/)
    assert.ok(out.includes(`${USING}\nNothing is stored here under this key\n`))
    const svc = 'a0089182becd921781d5ba1e58fa4d129b24060f'
    assert.ok(out.endsWith(`Using h(svc) = ${svc}\nStorage ${svc} 0 list., 2 values, 30 B\n`))
  })
})

describe('the program', () => {
  test('hands hosts to the node, and complains about what is none', async () => {
    const { node, errors } = await run({}, 'b 127.0.0.1:47100', 'b [::1]', 'cc', 'b', 'b a:b:c')
    assert.deepEqual(node.calls, [
      'bootstrap 127.0.0.1:47100',
      'bootstrap [::1]',
      'connectivityChanged',
    ])
    assert.match(errors, /^No service provided\. Syntax: b HOST\[:PORT\]\nInvalid host: a:b:c\./)
  })

  test('turns the log on and off, or on for a hash', async () => {
    const console = new Console()
    console.type('log')
    console.type('zzz')
    await console.until(/zzz/)
    assert.equal(console.log.isOn, true)
    console.type('log')
    console.type(`log ${MYKEY}`)
    console.type('log nothash')
    console.stdin.end()
    await console.done
    console.log.write('debug', 'about something else')
    console.log.write('debug', `about ${MYKEY}`)
    const said = ['Logging is on', 'Logging is off', `Logging is on for lines about ${MYKEY}`]
    assert.deepEqual(
      console.out.split('\n').filter((line) => line.startsWith('Logging')),
      said,
    )
    const [mistake, logged] = console.errors.trimEnd().split('\n')
    assert.equal(mistake, 'Syntax error: invalid InfoHash: nothash (40 hexadecimal digits)')
    assert.match(logged!, /^\[\d+\.\d+\] about 816cc2\w+$/)
  })

  test('tells scripts by its status what went wrong', async () => {
    const statusOf = async (node: object, ...lines: string[]): Promise<number> =>
      (await run(node, ...lines)).session.status
    assert.equal(await statusOf({}, 'p mykey text', 'h', 'cl mykey 1', ''), 3, 'no such listen')
    assert.equal(await statusOf({}, 'p mykey text', 'g mykey', 'cpp mykey 5'), 3, 'no such put')
    assert.equal(await statusOf({}, 'p mykey text', 'l mykey', 'cl mykey 1', 'h'), 0)
    for (const mistake of ['zzz', 'g', 'a svc 0', 'b a:b:c', 'log nothash', 'pst 80800']) {
      assert.equal(await statusOf({}, mistake, 'g mykey'), 2, mistake)
    }
    const failure = 'ERR_DHT_NO_NODES'
    assert.equal(await statusOf({ failure }, 'g mykey'), 3)
    assert.equal(await statusOf({ failure }, 'g mykey', 'zzz'), 2, 'a mistake is the cause')
  })

  test('a command that does not end in time has failed', async () => {
    const console = new Console()
    console.node.gate = new Promise(() => {})
    console.type('p mykey one')
    console.type('p mykey two')
    await console.until(/two|(Using.*\n){2}/)
    await console.session.waitForOperations(1)
    assert.equal(console.session.status, 3)
    assert.equal(console.errors, '2 commands did not end in time\n')
    console.session.end()
    await console.done
  })

  test('takes longer names for the short ones', async () => {
    const longer = ['put mykey a', 'put-permanent mykey b', 'cancel-put mykey 5', 'get mykey']
    const more = ['query mykey', 'listen mykey', 'cancel-listen mykey 1', 'announce mykey 80']
    const { node, errors } = await run({ values: [other] }, ...longer, ...more, 'bootstrap ::1')
    const calls = node.calls.filter((call) => call !== 'listen ended')
    const expected = ['put', 'put', 'cancelPut', 'get', 'query', 'listen', 'put', 'bootstrap']
    assert.deepEqual(
      calls.map((call) => call.replace(/ .*/, '')),
      expected,
    )
    assert.equal(errors, '')
    const unsigned = await run({}, 'put-signed mykey a', 'put-encrypted mykey b', 'index-insert')
    assert.match(unsigned.errors, /^(Command [se] needs an identity.*\n){2}Syntax error: no index/)
    const last = await run({}, 'index-lookup', 'proxy', 'proxy-tls', 'proxy-stop', 'proxy-use')
    const usages = last.errors.trimEnd().split('\n')
    assert.deepEqual(
      usages.map((line) => /Syntax: (\w+)/.exec(line)?.[1]),
      ['il', 'pst', 'psx', 'psp', 'stt'],
    )
    assert.deepEqual((await run({}, 'proxy-leave')).node.calls, ['enableProxy none'])
  })

  test('works through proxies, and through sockets again', async () => {
    const { node, out, errors } = await run(
      {},
      'stt a.test https://b.test',
      'stp',
      'stt',
      'stt ftp://x',
    )
    assert.deepEqual(node.calls, ['enableProxy http://a.test,https://b.test', 'enableProxy none'])
    assert.match(out, /^Working through the REST proxy http:\/\/a.test, or https:\/\/b.test$/m)
    assert.match(out, /^Working through the sockets of this node$/m)
    assert.match(errors, /^No proxy given\. Syntax: stt URL \.\.\.\nInvalid URL of a proxy: ftp/)
  })

  test('hands in push notifications', async () => {
    const { node, out } = await run({}, 'rp TOKEN', 'rp key=5 t=7')
    assert.deepEqual(node.calls, [
      'notification {"token":"TOKEN"}',
      'notification {"key":"5","t":"7"}',
    ])
    assert.equal(out, 'Notification: ignored\nNotification: ignored\n')
  })

  test('leaves with x, exit and quit, whatever is behind', async () => {
    for (const name of ['x', 'exit', 'quit']) {
      const { node } = await run({}, 'p mykey one', name, 'p mykey two')
      assert.equal(node.values.length, 1)
    }
  })

  test('lets piped operations finish', async () => {
    const console = new Console()
    let open = (): void => {}
    console.node.gate = new Promise((resolve) => {
      open = resolve
    })
    console.stdin.end('p mykey one\ng mykey\n')
    await console.until(/Get: found/)
    assert.equal(console.session.running, 2)
    open()
    await console.done
    assert.equal(console.session.running, 0)
    assert.match(console.out, /Put: success/)
    assert.match(console.out, /Get: completed/)
  })

  test('does not wait for them when it is told to end', async () => {
    const console = new Console()
    console.node.gate = new Promise(() => {})
    console.stdin.end('p mykey one\ng mykey\n')
    await console.until(/Get: found/)
    console.session.end()
    await console.done
  })

  test('takes no more than so many piped operations at a time', async () => {
    const console = new Console()
    let open = (): void => {}
    console.node.gate = new Promise((resolve) => {
      open = resolve
    })
    console.stdin.end('p mykey text\n'.repeat(1000))
    await console.until(new RegExp(`(${USING.replace(/[()]/g, '.')}\n){64}$`))
    assert.equal(console.node.values.length, 64)
    open()
    await console.done
    assert.equal(console.node.values.length, 1000)
  })
})
