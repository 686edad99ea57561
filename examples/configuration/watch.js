// SPDX-License-Identifier: MIT
// Prints settings that publish.js publishes, and every change of them. Needs no identity.

import { parseArgs } from 'node:util'
import { DhtRunner } from 'opendht'

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    owner: { type: 'string', default: '' },
    bootstrap: { type: 'string', multiple: true, default: [] },
    network: { type: 'string', default: '0' },
  },
})
const { owner, bootstrap, network } = options

const node = await DhtRunner.start({ port: 0, bootstrap, network: Number(network) })
process.once('SIGINT', () => node.close())
await Promise.all(names.map(watch))

/** @param {string} name */
async function watch(name) {
  for await (const { data } of node.register(`example-configuration ${name}`, { owner }).watch()) {
    console.log(data === undefined ? `${name} is not set` : `${name} = ${Buffer.from(data)}`)
  }
}
