// SPDX-License-Identifier: MIT
// What signatures and encryption cost a user: puts and gets of plain, signed and encrypted values
// among N of our nodes in one process, and the delay of the event loop while values are signed.
//   secure nodes=16 secs=3 conc=32 bits=4096 rate=100

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DhtRunner } from '../../src/nodejs/entry.ts'
import { cpuSeconds, number, operate, printRow, someBytes } from '../harness/driver.ts'
import { opendht, startNode, waitUntilJoined } from './node.ts'

const NS_PER_MS = 1e6

const count = number('nodes', 16)
const concurrency = number('conc', 32)
const seconds = number('secs', 3)
const bits = number('bits', 4096)
const identity = await opendht.Identity.generate({ name: 'bench', bits })

const servers: DhtRunner[] = []
while (servers.length < count - 2) servers.push(await startNode(entry()))
const own = { identity, publishCertificate: false }
const writer = await startNode(entry(), 0, own)
// The same identity elsewhere: it can read what is encrypted for it.
const other = opendht.InfoHash.get('the reader')
const reader = await startNode(entry(), 0, { ...own, id: other })
await waitUntilJoined([...servers, writer, reader])
await sleep(1000)

const data = (index: number): { data: Uint8Array } => ({ data: someBytes(100, index) })
const kinds = {
  plain: (key: string, index: number) => writer.put(key, data(index)),
  signed: (key: string, index: number) => writer.putSigned(key, data(index)),
  encrypted: (key: string, index: number) =>
    writer.putEncrypted(key, identity.publicKey, data(index)),
}

for (const [kind, put] of Object.entries(kinds)) {
  let next = 0
  await operate(`put ${kind}`, concurrency, async () => {
    const index = next++
    await put(`${kind} ${index}`, index)
    return true
  })
  const stored = next
  await operate(`get ${kind}`, concurrency, async () => {
    const values = await reader.getAll(`${kind} ${next++ % stored}`)
    return values.length === 1
  })
}
await steadyPuts(number('rate', 100))
process.exit(0)

function entry(): string[] {
  const [first] = servers
  return first === undefined ? [] : [`127.0.0.1:${first.port4}`]
}

/** So many signed puts per second, one after the other, and what the event loop feels of it. */
async function steadyPuts(rate: number): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const puts: Promise<unknown>[] = []
  const cpu = cpuSeconds()
  delay.enable()
  const start = performance.now()
  const total = Math.ceil(rate * seconds)
  for (let index = 0; index < total; index++) {
    puts.push(writer.putSigned(`steady ${index}`, data(index)))
    await sleep(Math.max(0, start + ((index + 1) * 1000) / rate - performance.now()))
  }
  delay.disable()
  const outcomes = await Promise.allSettled(puts)
  printRow(`${rate} signed puts per second`, {
    cpuPercent: ((cpuSeconds() - cpu) * 100) / seconds,
    loopP50Ms: delay.percentile(50) / NS_PER_MS,
    loopP99Ms: delay.percentile(99) / NS_PER_MS,
    loopMaxMs: delay.max / NS_PER_MS,
    failed: outcomes.filter(({ status }) => status === 'rejected').length,
  })
}
