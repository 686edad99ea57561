// SPDX-License-Identifier: MIT
// A chat in the terminal, without a server: a message is a signed value under the key of its room,
// and expires after ten minutes. Who wrote it is told by the id of a key, not by the name.

import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { DhtRunner, Identity } from 'opendht'

const USER_TYPE = 'example-chat'

const { values: options } = parseArgs({
  options: {
    name: { type: 'string', default: 'somebody' },
    room: { type: 'string', default: 'lobby' },
    bootstrap: { type: 'string', multiple: true, default: [] },
    network: { type: 'string', default: '0' },
  },
})
const { name, room, bootstrap, network } = options

const identity = await Identity.generate({ name, bits: 2048 })
const node = await DhtRunner.start({ port: 0, identity, bootstrap, network: Number(network) })
const key = `example-chat ${room}`
console.log(`In ${room}; others join with --bootstrap HOST:${node.port4}`)

const reading = read()
for await (const text of createInterface({ input: process.stdin })) {
  if (text.trim() !== '') await say(text)
}
await node.close()
await reading

/** @param {string} text */
async function say(text) {
  const data = Buffer.from(JSON.stringify({ name, text }))
  try {
    await node.putSigned(key, { data, userType: USER_TYPE })
  } catch (error) {
    console.error(`Not sent: ${error instanceof Error ? error.message : error}`)
  }
}

/** Ends with the node. Values without a valid signature do not come here. */
async function read() {
  for await (const { value, expired } of node.listen(key, { where: { userType: USER_TYPE } })) {
    if (expired || value.ownerId === undefined) continue
    const message = parse(value.data)
    if (message !== undefined) console.log(`[${value.ownerId.toString().slice(0, 8)}] ${message}`)
  }
}

/**
 * Anybody can put anything under the key, such as what would control the terminal.
 * @param {Uint8Array} data
 */
function parse(data) {
  try {
    const { name, text } = JSON.parse(Buffer.from(data).toString())
    return `${name}: ${text}`.replace(/\p{C}/gu, '?')
  } catch {
    return undefined
  }
}
