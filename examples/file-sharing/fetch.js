// SPDX-License-Identifier: MIT
// Fetches a file that share.js shares, checks it, and writes it here. Overwrites nothing.

import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { DhtRunner } from 'opendht'
import { digestOf, inTurns, keyOf, MAX_CHUNKS } from './chunks.js'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    bootstrap: { type: 'string', multiple: true, default: [] },
    network: { type: 'string', default: '0' },
  },
})
const [id = ''] = positionals
const { bootstrap, network } = options

const node = await DhtRunner.start({ port: 0, bootstrap, network: Number(network) })
try {
  const { name, chunks } = readManifest(await get(id))
  const file = Buffer.concat(await inTurns(chunks, get))
  const out = options.out ?? name
  await writeFile(out, file, { flag: 'wx' })
  console.log(`${out}: ${file.length} bytes`)
} finally {
  await node.close()
}

/**
 * Others may have put something else under the key: it is not what we look for.
 * @param {string} digest
 */
async function get(digest) {
  const value = await node.getFirst(keyOf(digest), {
    filter: ({ data }) => digestOf(data) === digest,
  })
  if (value === undefined) throw new Error(`Nobody has ${digest}`)
  return value.data
}

/**
 * It was written by whoever gave us the id, who may want to write outside of this folder.
 * @param {Uint8Array} data
 * @returns {{ name: string, chunks: string[] }}
 */
function readManifest(data) {
  const { name, chunks } = JSON.parse(Buffer.from(data).toString())
  const isSound = Array.isArray(chunks) && chunks.length <= MAX_CHUNKS
  if (!isSound || typeof name !== 'string') throw new Error(`${id} is no file`)
  return { name: basename(name), chunks: chunks.map(String) }
}
