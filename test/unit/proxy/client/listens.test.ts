// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '../../../support/dht-kit.ts'
import { settle } from '../../../support/virtual-schedule.ts'
import { hear, setUp } from './kit.ts'

const MINUTE = 60_000

test('a listen tells what exists and what changes', async (t) => {
  const { net, client } = await setUp(t)
  const [proxy] = net.proxies
  proxy!.put('k', text('one', 1n))
  const heard = hear(client, 'k')
  await settle()
  proxy!.put('k', text('two', 2n))
  proxy!.expire('k', 1n)
  await settle()
  assert.deepEqual(heard, ['+one', '+two', '-one'])
})

for (const how of ['whole', 'broken'] as const) {
  test(`a listen goes on after a ${how} end, without losses and repetitions`, async (t) => {
    const { net, client } = await setUp(t)
    const [proxy] = net.proxies
    proxy!.put('k', text('stays', 1n))
    proxy!.put('k', text('goes', 2n))
    const heard = hear(client, 'k')
    await settle()
    proxy!.endStreams(how)
    proxy!.forget('k', 2n)
    proxy!.put('k', text('comes', 3n))
    await net.clock.run(1000)
    assert.equal(proxy!.streams, 1)
    assert.deepEqual(heard.sort(), ['+comes', '+goes', '+stays'])
    await net.clock.run(3000)
    assert.deepEqual(heard.slice(3), ['-goes'])
    assert.equal(client.proxyStats().vanished, 1)
  })
}

test('the empty object ends a stream like any other end', async (t) => {
  const { net, client } = await setUp(t)
  const heard = hear(client, 'k')
  await settle()
  net.proxies[0]!.say('{}\n')
  await net.clock.run(1000)
  net.proxies[0]!.put('k', text('one', 1n))
  await settle()
  assert.deepEqual(heard, ['+one'])
  assert.equal(client.proxyStats().streamsOpened, 2)
})

test('streams that end at once are opened ever more rarely', async (t) => {
  const { net, client } = await setUp(t)
  hear(client, 'k')
  const count = (): number => client.proxyStats().streamsOpened
  for (let second = 0; second < 600; second++) {
    await net.clock.run(1000)
    net.proxies[0]!.endStreams('whole')
  }
  assert.ok(count() > 15 && count() < 60, `${count()} streams`)
})

test('what a new stream leaves out is not gone until that is confirmed', async (t) => {
  const { net, client } = await setUp(t)
  const [proxy] = net.proxies
  proxy!.put('k', text('one', 1n))
  const heard = hear(client, 'k')
  await settle()
  proxy!.breaksGets = true
  proxy!.forget('k', 1n)
  proxy!.endStreams('whole')
  await net.clock.run(MINUTE)
  assert.deepEqual(heard, ['+one'])
  proxy!.breaksGets = false
  await net.clock.run(MINUTE)
  assert.deepEqual(heard, ['+one', '-one'])
})

test('a stream that is silent for minutes is opened anew', async (t) => {
  const { net, client } = await setUp(t)
  const heard = hear(client, 'k')
  await net.clock.run(5 * MINUTE)
  assert.equal(client.proxyStats().streamsOpened, 2)
  assert.equal(client.proxyStats().streamsLost, 0)
  net.proxies[0]!.put('k', text('one', 1n))
  await settle()
  assert.deepEqual(heard, ['+one'])
})

test('all listens to a key share one stream, which stays for a minute', async (t) => {
  const { net, client } = await setUp(t)
  const [proxy] = net.proxies
  const stop = new AbortController()
  const first = hear(client, 'k', { signal: stop.signal })
  const second = hear(client, 'k', { where: { id: 2n }, signal: stop.signal })
  await settle()
  proxy!.put('k', text('one', 1n))
  proxy!.put('k', text('two', 2n))
  await settle()
  assert.deepEqual(first, ['+one', '+two'])
  assert.deepEqual(second, ['+two'])
  stop.abort()
  await net.clock.run(59_000)
  assert.equal(proxy!.streams, 1)
  const third = hear(client, 'k')
  await settle()
  assert.deepEqual(third.sort(), ['+one', '+two'])
  assert.equal(client.proxyStats().streamsOpened, 1)
  await net.clock.run(2 * MINUTE)
  assert.equal(proxy!.streams, 1)
})

test('a stream is closed a minute after the last listen ended', async (t) => {
  const { net, client } = await setUp(t)
  const stop = new AbortController()
  const heard = hear(client, 'k', { signal: stop.signal })
  await settle()
  stop.abort()
  await net.clock.run(61_000)
  assert.deepEqual(heard, ['AbortError'])
  assert.equal(net.proxies[0]!.streams, 0)
})

test('a revision that does not match any more ends the value for that listen', async (t) => {
  const { net, client } = await setUp(t)
  const heard = hear(client, 'k', { where: { userType: 'a' } })
  await settle()
  net.proxies[0]!.say(line('x', 'a'))
  net.proxies[0]!.say(line('y', 'b'))
  await settle()
  assert.deepEqual(heard, ['+x', '-x'])
})

test('lines that are no values are counted and do no harm', async (t) => {
  const { net, client } = await setUp(t)
  const heard = hear(client, 'k')
  await settle()
  for (const junk of ['nonsense', '[1]', '{"id":"0"}', '{"id":"1","data":"%"}', '7']) {
    net.proxies[0]!.say(`${junk}\n`)
  }
  net.proxies[0]!.say('\n')
  net.proxies[0]!.put('k', text('one', 1n))
  await settle()
  assert.deepEqual(heard, ['+one'])
  assert.equal(client.proxyStats().malformed, 5)
})

test('a line without end makes the stream be opened anew', async (t) => {
  const { net, client } = await setUp(t)
  hear(client, 'k')
  await settle()
  for (let i = 0; i < 20; i++) net.proxies[0]!.say('x'.repeat(64 * 1024))
  await net.clock.run(1000)
  assert.equal(client.proxyStats().streamsOpened, 2)
})

test('a stream with cursors goes on where it was', async (t) => {
  const { net, client } = await setUp(t)
  const [proxy] = net.proxies
  const heard = hear(client, 'k')
  await settle()
  proxy!.say('{"cursor":"c-0","reset":true}\n')
  proxy!.say(line('one', '', 1, 'c-1'))
  proxy!.say('{"cursor":"c-1","sync":true}\n')
  await settle()
  proxy!.endStreams('broken')
  await net.clock.run(1000)
  const opened = proxy!.requests.filter(({ path }) => path.includes('/listen'))
  assert.match(opened[0]!.path, /\/listen\?resume$/)
  assert.match(opened[1]!.path, /\/listen\?resume=c-1$/)
  proxy!.say('{"cursor":"c-1","sync":true}\n')
  await net.clock.run(10_000)
  // It was not mentioned again, and nobody asked for it.
  assert.deepEqual(heard, ['+one'])
  assert.equal(proxy!.requestsOf('GET').filter(({ path }) => /^\/key\/\w+$/.test(path)).length, 0)
})

test('a server that does not know the cursor begins anew', async (t) => {
  const { net, client } = await setUp(t)
  const [proxy] = net.proxies
  const heard = hear(client, 'k')
  await settle()
  proxy!.say(line('one', '', 1, 'c-1'))
  await settle()
  proxy!.endStreams('broken')
  await net.clock.run(1000)
  proxy!.say('{"cursor":"d-0","reset":true}\n')
  proxy!.say('{"cursor":"d-0","sync":true}\n')
  await net.clock.run(1000)
  assert.deepEqual(heard, ['+one', '-one'])
})

function line(data: string, utype: string, id = 1, cursor?: string): string {
  return `${JSON.stringify({ cursor, data: btoa(data), id: `${id}`, type: 0, utype })}\n`
}
