// SPDX-License-Identifier: MIT
// One node under load for a long time: `npm run soak -- [--minutes N] [--rate N]`. Requests of all
// kinds come at a fixed rate from peers that change: every twenty seconds others take their place,
// with ids and ports of their own. Memory, handles and event-loop delay have to stay flat; status 1
// when they do not. Needs Linux and a C compiler.

import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { startChild, stopChild } from '../../support/child.ts'
import { compileC } from '../compile.ts'
import { findGrowth, type Health, STARVED } from './health.ts'

const LOAD = resolve(import.meta.dirname, '../../../bench/cpp/udpload.c')
const KINDS = ['get', 'put', 'find', 'listen', 'ping'] as const
/** How long peers live, and how many there are. */
const LIFE_S = 20
const PEERS = 64
const OUTSTANDING = 64
/**
 * Registrations of peers that are gone stay for ten minutes, those of thirty lives: with as many
 * keys to listen at as to put at, a put would be told to four hundred of them.
 */
const KEYS = 1000
const LISTENED_KEYS = 10
/** Of the rate that was asked for: the machine, or the node, cannot do it otherwise. */
const ENOUGH = 0.9

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '5000' },
  },
})
const [minutes, rate] = [Number(options.minutes), Number(options.rate)]
// Fewer lives would not make four quarters of samples.
if (!(minutes >= 1) || !(rate > 0)) {
  console.error('Wants --minutes of at least 1 and --rate above 0')
  process.exit(2)
}
process.exitCode = (await main()) ? 0 : 1

/** Whether all stayed flat. */
async function main(): Promise<boolean> {
  const program = join(import.meta.dirname, 'node.ts')
  const child = startChild([process.execPath, '--no-warnings', program], { hasOwnSession: true })
  child.stderr.pipe(process.stderr)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const port = Number((await lines.next()).value)
  const ask = async (): Promise<Health> => {
    child.stdin.write('\n')
    const { value, done } = await lines.next()
    if (done) throw new Error('The node ended by itself')
    return JSON.parse(value) as Health
  }
  const samples: Health[] = []
  const startedAt = performance.now()
  // Short runs have short lives, so that there are enough samples.
  const lifeS = Math.min(LIFE_S, (minutes * 60) / 12)
  for (let life = 1; performance.now() - startedAt < minutes * 60_000; life++) {
    await load(port, lifeS, life)
    const health = await ask()
    samples.push(health)
    const figures = Object.entries(health).map(
      ([name, it]) => `${name} ${Math.round(it * 100) / 100}`,
    )
    console.log(`${Math.round((performance.now() - startedAt) / 1000)} s: ${figures.join(', ')}`)
  }
  const [first, last] = [samples[0]!, samples.at(-1)!]
  const seconds = (performance.now() - startedAt) / 1000
  const perSecond = last.received / seconds
  console.log(`${Math.round(perSecond)} requests per second, ${first.received} in the first life`)
  child.stdin.end()
  await stopChild(child, 10_000)
  const problems = findGrowth(samples)
  const isStarved = last.starved > STARVED
  if (isStarved) console.log('The machine is busy: delays and the rate are not judged')
  if (perSecond < rate * ENOUGH && !isStarved) problems.push('the rate was not reached')
  for (const problem of problems) console.log(`FAILED: ${problem}`)
  return problems.length === 0
}

/** Peers of all kinds, for so long. */
async function load(port: number, seconds: number, seed: number): Promise<void> {
  const program = compileC(LOAD, ['-lm'])
  const each = Math.ceil(rate / KINDS.length)
  const peers = Math.ceil(PEERS / KINDS.length)
  const ended = KINDS.map(async (kind, n) => {
    const limits = [`rate=${each}`, `socks=${peers}`, `seed=${seed * KINDS.length + n}`, 'warm=0']
    const place = ['127.0.0.1', `${port}`, `${seconds}`, kind, `${OUTSTANDING}`]
    const keys = `keys=${kind === 'listen' ? LISTENED_KEYS : KEYS}`
    const child = startChild([program, ...place, ...limits, keys])
    child.stdout.resume()
    child.stderr.pipe(process.stderr)
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`The load of kind ${kind} ended with ${code}`)
  })
  await Promise.all(ended)
}
