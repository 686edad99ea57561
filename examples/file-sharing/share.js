// SPDX-License-Identifier: MIT
// Shares a file for as long as this program runs, and ten minutes more.

import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { DhtRunner } from 'opendht'
import { chunksOf, digestOf, inTurns, keyOf, MAX_FILE_BYTES } from './chunks.js'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bootstrap: { type: 'string', multiple: true, default: [] },
    network: { type: 'string', default: '0' },
  },
})
const [path = ''] = positionals
const { bootstrap, network } = options

const file = await readFile(path)
if (file.length > MAX_FILE_BYTES) throw new RangeError(`${path} has over ${MAX_FILE_BYTES} bytes`)

const node = await DhtRunner.start({ port: 0, bootstrap, network: Number(network) })
const digests = await inTurns(chunksOf(file), put)
const manifest = { name: basename(path), size: file.length, chunks: digests }
const id = await put(Buffer.from(JSON.stringify(manifest)))
console.log(`${id}`)
console.error(`Shared in ${digests.length} chunks until Ctrl-C or the end of the input`)

process.once('SIGINT', () => node.close())
process.stdin.once('end', () => node.close()).resume()

/** @param {Uint8Array} data */
async function put(data) {
  const digest = digestOf(data)
  await node.put(keyOf(digest), data, { permanent: true })
  return digest
}
