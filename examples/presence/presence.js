// SPDX-License-Identifier: MIT
// Who of a group is here: every member edits a signed value of its own now and then. One that says
// goodbye is away at once, one that says nothing for three intervals is lost.

import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { DhtRunner, Identity } from 'opendht'

const USER_TYPE = 'example-presence'

const { values: options } = parseArgs({
  options: {
    name: { type: 'string', default: 'somebody' },
    group: { type: 'string', default: 'team' },
    'interval-s': { type: 'string', default: '30' },
    bootstrap: { type: 'string', multiple: true, default: [] },
    network: { type: 'string', default: '0' },
  },
})
const { name, group, bootstrap, network } = options
const intervalMs = Number(options['interval-s']) * 1000

const identity = await Identity.generate({ name, bits: 2048 })
const node = await DhtRunner.start({ port: 0, identity, bootstrap, network: Number(network) })
const key = `example-presence ${group}`
const id = randomBytes(8).readBigUInt64BE() // the same for every edit
/** @type {Map<string, { name: string, heardAt: number, isLost: boolean }>} */
const members = new Map()
console.log(`In ${group}; others join with --bootstrap HOST:${node.port4}`)

const watching = watch()
const ending = new Promise((resolve) => {
  process.once('SIGINT', resolve)
  process.stdin.once('end', resolve).resume()
})
let isEnding = false
void ending.then(() => {
  isEnding = true
})
while (!isEnding) {
  await tell('here')
  await Promise.race([ending, new Promise((resolve) => setTimeout(resolve, intervalMs).unref())])
  tellSilent()
}
await tell('away')
await node.close()
await watching

/** @param {'here' | 'away'} state */
async function tell(state) {
  const data = Buffer.from(JSON.stringify({ name, state }))
  try {
    await node.putSigned(key, { id, data, userType: USER_TYPE })
  } catch {
    // Nobody else is in the network yet, or it is gone: the next time tells.
  }
}

async function watch() {
  for await (const { value, expired } of node.listen(key, { where: { userType: USER_TYPE } })) {
    const owner = value.ownerId?.toString()
    if (expired || owner === undefined || owner === identity.id.toString()) continue
    const news = parse(value.data)
    if (news?.state === 'away' && members.delete(owner)) console.log(`${news.name} is away`)
    if (news?.state !== 'here') continue
    if (members.get(owner)?.isLost ?? true) console.log(`${news.name} is here`)
    // By the own clock: those of others may be wrong.
    members.set(owner, { name: news.name, heardAt: performance.now(), isLost: false })
  }
}

function tellSilent() {
  const limit = performance.now() - 3 * intervalMs
  for (const member of members.values()) {
    if (member.isLost || member.heardAt >= limit) continue
    member.isLost = true
    console.log(`${member.name} is lost`)
  }
}

/** @param {Uint8Array} data */
function parse(data) {
  try {
    const { name, state } = JSON.parse(Buffer.from(data).toString())
    return { name: String(name).replace(/\p{C}/gu, '?'), state: String(state) }
  } catch {
    return undefined
  }
}
