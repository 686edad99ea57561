// SPDX-License-Identifier: MIT
// The application in networks that lose, delay and fall apart. Minutes of them pass within moments,
// and whatever fails once fails again with the seed in the message.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'opendht/sim'
import { ShoppingList } from './shopping-list.js'

const link = { delayMs: { min: 10, max: 80 }, loss: 0.05 }

test('all who follow a list see the same', () =>
  simulate({ link, command: 'npm test' }, async (sim) => {
    const nodes = sim.addNodes(30, { overMs: 2000 })
    await sim.run(20_000)
    const lists = [3, 14, 25].map((i) => new ShoppingList(nodes[i], 'home'))
    for (const list of lists) void list.follow()
    await sim.until(Promise.all(lists.map((list, i) => list.add(`item ${i}`))))
    await sim.until(() => lists.every(({ items }) => items.length === 3))
    await sim.until(lists[0].crossOff('item 1'))
    await sim.until(() => lists.every(({ items }) => items.join() === 'item 0,item 2'))
  }))

test('what is added on both sides of a broken network is on the list when it heals', () =>
  simulate({ link, command: 'npm test' }, async (sim) => {
    const nodes = sim.addNodes(30, { overMs: 2000 })
    await sim.run(20_000)
    const here = new ShoppingList(nodes[2], 'home')
    const there = new ShoppingList(nodes[28], 'home')
    for (const list of [here, there]) void list.follow()
    const cut = sim.cut(nodes.slice(0, 15), nodes.slice(15))
    await sim.until(here.add('bread'), { timeoutMs: 120_000 })
    await sim.until(there.add('milk'), { timeoutMs: 120_000 })
    await sim.run(60_000)
    cut.heal()
    const isWhole = () => [here, there].every(({ items }) => items.join() === 'bread,milk')
    await sim.until(isWhole, { timeoutMs: 20 * 60_000 })
    assert.deepEqual(here.items, there.items)
  }))

test('the list outlives the crash of a third of the network', () =>
  simulate({ link, command: 'npm test' }, async (sim) => {
    const nodes = sim.addNodes(30, { overMs: 2000 })
    await sim.run(20_000)
    await sim.until(new ShoppingList(nodes[1], 'home').add('bread'))
    for (const node of nodes.slice(20)) node.crash()
    const list = new ShoppingList(nodes[10], 'home')
    void list.follow()
    await sim.until(() => list.items.length === 1)
    assert.deepEqual(list.items, ['bread'])
  }))
