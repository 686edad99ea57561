// SPDX-License-Identifier: MIT
// Bundles the sources into one file per entry and a few shared chunks: a hundred small modules would
// cost most of the start-up time. Types are emitted beside them by `tsc -b`.

import { defineConfig } from 'rolldown'

export default defineConfig({
  input: {
    'nodejs/entry': 'src/nodejs/entry.ts',
    'core/entry': 'src/core/entry.ts',
    'sim/entry': 'src/sim/entry.ts',
    'cli/dhtnode': 'src/cli/dhtnode.ts',
    'cli/npm-start': 'src/cli/npm-start.ts',
  },
  platform: 'node',
  external: [/^node:/, /^@noble\/hashes/],
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name].js',
    comments: false,
  },
})
