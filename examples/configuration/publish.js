// SPDX-License-Identifier: MIT
// Publishes settings: each one is a register, which only the owner of the identity can change. They
// live for as long as this program, and ten minutes more. Commands come from standard input.

import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { CryptoError, DhtRunner, Identity } from 'opendht'

const { values: options } = parseArgs({
  options: {
    identity: { type: 'string', default: 'publisher' },
    bootstrap: { type: 'string', multiple: true, default: [] },
    network: { type: 'string', default: '0' },
  },
})
const { bootstrap, network } = options

const identity = await load(options.identity)
const node = await DhtRunner.start({ port: 0, identity, bootstrap, network: Number(network) })
console.log(`Watch with --owner ${identity.id} --bootstrap HOST:${node.port4}`)

for await (const line of createInterface({ input: process.stdin })) {
  const [, command, name = '', value = ''] = /^(\w+)\s+(\S+)\s*(.*)$/.exec(line) ?? []
  const register = node.register(`example-configuration ${name}`)
  try {
    if (command !== 'set' && command !== 'delete') {
      throw new Error('Expected: set NAME VALUE, or delete NAME')
    }
    // What is set builds on what is there, so somebody has to be asked.
    if (node.status().overall !== 'connected') {
      console.log('Waiting until somebody is in the network')
      await node.whenConnected()
    }
    if (command === 'set') await register.set(value)
    else await register.delete()
    console.log(`${command} ${name}: done`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
  }
}
await node.close()

/**
 * Readers know the publisher by its key, so that it has to be the same at the next start.
 * @param {string} path
 */
async function load(path) {
  try {
    return await Identity.load(path)
  } catch (error) {
    // Nothing is overwritten when the files are there and cannot be read: save refuses.
    if (!(error instanceof CryptoError && error.code === 'ERR_CRYPTO_FILE')) throw error
    const made = await Identity.generate({ name: 'publisher', bits: 2048 })
    await made.save(path)
    return made
  }
}
