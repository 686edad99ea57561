// SPDX-License-Identifier: MIT
// bench/linenode speaks the line protocol of the kit that compares nodes under loss and churn.

import assert from 'node:assert/strict'
import { accessSync, constants } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { startChild, stopChild } from '../support/child.ts'
import { freePort } from '../support/free-port.ts'
import { poll } from '../support/watch.ts'

const PROGRAM = resolve(import.meta.dirname, '../../bench/linenode')
const KEY = 'c5'.repeat(20)

function start(...args: string[]) {
  const child = startChild([PROGRAM, ...args], {
    env: {
      NODE_NO_WARNINGS: '1',
      // Its first line asks for a program of this name.
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    },
  })
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  return {
    child,
    send: (line: string) => child.stdin.write(`${line}\n`),
    /** Until there are `count` lines like this, and they. */
    async see(form: RegExp, count = 1): Promise<string[]> {
      const matching = () => lines.filter((line) => form.test(line))
      await poll(() => matching().length >= count, 50_000, `a line like ${form}`)
      return matching()
    },
  }
}

test('linenode puts, gets, listens, counts and ends as it is told by lines', async () => {
  accessSync(PROGRAM, constants.X_OK)
  const first = start('127.0.0.1', '0')
  await first.see(/^ready$/)
  const port = await freePort()
  const entrance = start('127.0.0.1', `${port}`)
  await entrance.see(/^ready$/)
  const other = start('127.0.0.1', '0', '127.0.0.1', `${port}`)
  first.send(`enter 127.0.0.1 ${port}`)
  for (const node of [first, other]) await node.see(/^connected \d+\.\d\d$/)
  first.send(`listen l1 ${KEY}`)
  other.send(`put p1 ${KEY} 300`)
  await other.see(/^put p1 ok \d+\.\d\d$/)
  await first.see(/^lis l1$/)
  first.send(`get g1 ${KEY}`)
  const [get] = await first.see(/^get g1 1 \d+\.\d\d \d+\.\d\d ok$/)
  const [, , , firstMs, doneMs] = get!.split(' ').map(Number)
  assert.ok(firstMs! <= doneMs!, get)
  first.send(`get g2 ${'5c'.repeat(20)}`)
  await first.see(/^get g2 0 -1 \d+\.\d\d ok$/)
  other.send('stat')
  const [stat] = await other.see(/^stat \d+ \d+ \d+ \d+ \d+\.\d\d$/)
  const [, good, , , rssKb] = stat!.split(' ').map(Number)
  assert.ok(good! >= 1 && rssKb! > 1000, stat)
  for (const { send, child } of [first, other, entrance]) {
    send('quit')
    await stopChild(child, 60_000)
    assert.equal(child.exitCode, 0)
  }
})
