// SPDX-License-Identifier: MIT
// Inputs that the fuzzers start from: recorded packets, named in corpus/references.json, and inputs
// that once broke something, as lines of hex in corpus/*.hex.

import { globSync, readFileSync } from 'node:fs'
import { fromHex, loadVectors } from '../support/vectors.ts'

const DIRECTORY = new URL('corpus/', import.meta.url)

/** All inputs of the corpus, in a fixed order, each once. */
export function loadCorpus(): Uint8Array[] {
  const found = new Set<string>()
  const { vectors } = JSON.parse(read('references.json')) as { vectors: string[] }
  for (const name of vectors) collect(loadVectors(name), found)
  for (const name of globSync('*.hex', { cwd: DIRECTORY }).sort()) {
    for (const line of read(name).split('\n')) {
      const hex = line.replace(/#.*/, '').replaceAll(/\s/g, '')
      if (hex !== '') found.add(hex)
    }
  }
  return [...found].map(fromHex)
}

function read(name: string): string {
  return readFileSync(new URL(name, DIRECTORY), 'utf8')
}

/** Every text in a vector file that is the hex of a MessagePack map or array. */
function collect(node: unknown, found: Set<string>): void {
  if (typeof node === 'string') {
    if (/^(?:[89][0-9a-f]|d[c-f])(?:[0-9a-f]{2})+$/.test(node)) found.add(node)
  } else if (typeof node === 'object' && node !== null) {
    for (const child of Object.values(node)) collect(child, found)
  }
}
