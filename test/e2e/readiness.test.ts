// SPDX-License-Identifier: MIT
// A node on a host of its own says within 15 s that its cable was pulled, and that it is back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DHTNODE } from '../support/cli-kit.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { netnsAvailable, type VirtualHost, VirtualNetwork } from '../support/netns.ts'
import { poll } from '../support/watch.ts'

// test-timeout-s: 120
const WITHIN_MS = 15_000
/** Back again is soon, but the pauses between attempts have begun to grow. */
const BACK_MS = 60_000

function start(host: VirtualHost, bootstrap?: VirtualHost): Promise<DhtnodeProcess> {
  const args = bootstrap === undefined ? [] : ['-b', bootstrap.ipv4]
  return DhtnodeProcess.start({ command: DHTNODE, args, prefix: host.prefix })
}

/** The first word after `Ready:`, and what is said of IPv4. */
async function ask(node: DhtnodeProcess): Promise<{ isReady: boolean; ipv4: string }> {
  const [, ready, ipv4] = await node.ask('ll', /Ready: (yes|no) \(IPv4 ([\w-]+)/)
  return { isReady: ready === 'yes', ipv4: ipv4! }
}

const isReady = async (node: DhtnodeProcess) => (await ask(node)).isReady

test('a pulled cable is noticed, and a plugged one too', {
  skip: netnsAvailable(),
}, async () => {
  using network = new VirtualNetwork()
  const { hosts } = network.addSwitch(3, { families: 'ipv4' })
  await using first = await start(hosts[0]!)
  await using second = await start(hosts[1]!, hosts[0])
  await using third = await start(hosts[2]!, hosts[0])
  for (const node of [first, second, third]) {
    await poll(() => isReady(node), WITHIN_MS, 'a node does not become ready')
  }
  hosts[1]!.setCables(false)
  await poll(async () => !(await isReady(second)), WITHIN_MS, 'the cut is not noticed')
  assert.notEqual((await ask(second)).ipv4, 'ready')
  assert.equal(await isReady(third), true)
  hosts[1]!.setCables(true)
  await poll(() => isReady(second), BACK_MS, 'the node does not become ready again')
})
