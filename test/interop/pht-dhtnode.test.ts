// SPDX-License-Identifier: MIT
// The commands ii and il of dhtnode: what one program inserts, the other one finds, also when ours
// works through the REST proxy of the other.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DHTNODE } from '../support/cli-kit.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { freePort } from '../support/free-port.ts'
import { hex, randomNetwork } from '../support/interop-kit.ts'
import { poll } from '../support/watch.ts'

const SETTLE_MS = 15_000
const DONE = /Pht::lookup: done\. took /

describe('indexes at the prompts of dhtnode', { skip: cppAvailable() }, () => {
  let ours: DhtnodeProcess
  let theirs: DhtnodeProcess

  before(async () => {
    const args = ['-p', '0', '-n', String(randomNetwork())]
    theirs = await DhtnodeProcess.start({ args })
    const local = ['--bind4', '127.0.0.1', '-b', `127.0.0.1:${theirs.port}`]
    ours = await DhtnodeProcess.start({ command: DHTNODE, args: [...args, ...local] })
    theirs.send(`b 127.0.0.1:${ours.port}`)
    for (const node of [ours, theirs]) {
      const isConnected = async () => (await node.stats()).ipv4.good > 0
      await poll(isConnected, SETTLE_MS, 'the nodes know each other')
    }
  })
  after(() => Promise.all([ours?.close(), theirs?.close()]))

  const insert = (node: DhtnodeProcess, key: string, target: string) =>
    node.ask(`ii people ${key} ${target}`, /Pht::insert: done\./)

  async function lookup(node: DhtnodeProcess, line: string): Promise<string[]> {
    const from = node.mark()
    const end = await node.ask(`il people ${line}`, DONE)
    const output = node.stdout.slice(from, from + end.index)
    return Array.from(output.matchAll(/^ {6}([0-9a-f]{40}\[vid: \d+\])$/gm), (match) => match[1]!)
  }

  const both = () => [ours, theirs]

  test('entries of both are found by both', async () => {
    await insert(theirs, 'name:ann,year:1988', hex('ann'))
    await insert(ours, 'name:bob,year:1990', hex('bob'))
    for (const node of both()) {
      assert.deepEqual(await lookup(node, 'name:ann,year:1988'), [`${hex('ann')}[vid: 0]`])
      assert.deepEqual(await lookup(node, 'year:1990,name:bob'), [`${hex('bob')}[vid: 0]`])
      assert.deepEqual(await lookup(node, 'name:eve,year:1990'), [])
    }
  })

  test('so are the entries of a leaf that was split', async () => {
    for (let i = 10; i < 34; i++) {
      await insert(both()[i % 2]!, `name:n${i},year:20${i}`, hex(`${i}`))
    }
    for (let i = 10; i < 34; i++) {
      for (const node of both()) {
        const find = () => lookup(node, `name:n${i},year:20${i}`)
        // C++ nodes miss their own entries for the moment that it takes to move them after a split.
        const isFound = async () => (await find()).length === 1
        if (node === theirs) await poll(isFound, SETTLE_MS, `entry ${i} is found by the C++ node`)
        assert.deepEqual(await find(), [`${hex(`${i}`)}[vid: 0]`])
      }
    }
  })

  test('ours does both through the proxy of the other, too', async () => {
    const port = await freePort()
    const proxy = `http://127.0.0.1:${port}`
    theirs.send(`pst ${port}`)
    const knowsNodes = async () => {
      const { ipv4 } = (await (await fetch(proxy)).json()) as { ipv4?: { good: number } }
      return (ipv4?.good ?? 0) > 0
    }
    await poll(() => knowsNodes().catch(() => false), 2 * SETTLE_MS, 'the proxy looked at its node')
    const args = ['--proxyclient', proxy]
    await using client = await DhtnodeProcess.start({ command: DHTNODE, args, prompt: false })
    await client.waitForOutput(/Working through the REST proxy/)
    assert.deepEqual(await lookup(client, 'name:ann,year:1988'), [`${hex('ann')}[vid: 0]`])
    await insert(client, 'name:cid,year:1991', hex('cid'))
    for (const node of [client, ...both()]) {
      assert.deepEqual(await lookup(node, 'name:cid,year:1991'), [`${hex('cid')}[vid: 0]`])
    }
  })
})
