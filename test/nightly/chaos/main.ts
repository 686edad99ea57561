// SPDX-License-Identifier: MIT
// A network of real processes, ours and C++ ones, in which everything goes wrong:
// `npm run chaos -- [--minutes N] [--seed N] [--nodes N]`. Meanwhile four witnesses, two of each
// kind, listen and put. In the end, after a time of calm, every value whose put was acknowledged
// has to be found by all of them, and every listener has to have heard of all; no process may have
// ended by itself, and none of ours may have grown. Status 1 when ours failed; what C++ nodes
// failed is only told. Needs root and what test/interop needs.

import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { SeededRandom } from '../../support/seeded-random.ts'
import { ChaosNetwork } from './chaos-network.ts'
import { Faults } from './faults.ts'
import { Member } from './member.ts'
import { Witnesses } from './witnesses.ts'

const WITNESSES = 4
const FAULT_EVERY_MS = 3000
const PUT_EVERY_MS = 2000
const MAX_MEMORY = 256 * 1024 * 1024
const CHECK_MS = 240_000

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: `${randomInt(2 ** 31)}` },
    nodes: { type: 'string', default: '12' },
  },
})
const [minutes, seed, count] = [options.minutes, options.seed, options.nodes].map(Number) as [
  number,
  number,
  number,
]
if (!(minutes > 0) || !Number.isInteger(seed) || !(count > WITNESSES && count <= 64)) {
  console.error(`Wants --minutes above 0, an integer --seed, --nodes ${WITNESSES + 1} to 64`)
  process.exit(2)
}
process.exitCode = (await main()) ? 0 : 1

/** Whether all went well. */
async function main(): Promise<boolean> {
  console.log(`${minutes} minutes, ${count} nodes, seed ${seed}`)
  const folder = mkdtempSync(join(tmpdir(), 'opendht-chaos-'))
  const network = await ChaosNetwork.open(count, seed)
  const number = randomInt(1, 2 ** 31)
  const members = network.hosts.map((place, n) => {
    const isOurs = n % 2 === 0
    return new Member({
      name: `${isOurs ? 'ours' : 'cpp'}-${n}`,
      isOurs,
      place,
      network: number,
      folder,
    })
  })
  try {
    return await run(network, members)
  } finally {
    await Promise.all(members.map((member) => member.kill()))
    console.log(await network.close())
    rmSync(folder, { recursive: true })
  }
}

async function run(network: ChaosNetwork, members: readonly Member[]): Promise<boolean> {
  const random = new SeededRandom(seed)
  const [bootstrap] = members as [Member]
  await bootstrap.start(undefined)
  for (const member of members.slice(1)) await member.start(bootstrap.place.address)
  const witnesses = new Witnesses(members.slice(0, WITNESSES))
  await witnesses.listen()
  const faults = new Faults(network, { mortals: members.slice(WITNESSES), bootstrap }, random)
  console.log('All nodes run')

  const end = performance.now() + minutes * 60_000
  const puts = (async () => {
    for (let n = 0; performance.now() < end; n++) {
      witnesses.put(n)
      await sleep(PUT_EVERY_MS)
    }
  })()
  while (performance.now() < end) {
    await faults.next(performance.now())
    await sleep(FAULT_EVERY_MS)
  }
  await puts
  await faults.end()
  console.log(`Faults: ${JSON.stringify(faults.counts)}`)
  const problems = await witnesses.check(CHECK_MS)
  for (const member of members) {
    problems.push(...member.deaths.map((text) => ({ isOurs: member.isOurs, text })))
    if (!member.isRunning) continue
    const text = `${member.name} has ${Math.round(member.memory / 1e6)} MB`
    console.log(text)
    if (member.memory > MAX_MEMORY) problems.push({ isOurs: member.isOurs, text })
  }
  for (const { isOurs, text } of problems) console.log(`${isOurs ? 'FAILED' : 'C++'}: ${text}`)
  console.log(witnesses.summary)
  return !problems.some(({ isOurs }) => isOurs)
}
