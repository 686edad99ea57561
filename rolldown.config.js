// SPDX-License-Identifier: MIT
// Bundles the sources into one file per entry and a few shared chunks: a hundred small modules would
// cost most of the start-up time. Types are emitted beside them by `tsc -b`. Packages are bundled,
// too, and their licences with them: what is used of them is a part, and loads with the rest.

import { defineConfig } from 'rolldown'
import { notices } from './scripts/notices.js'
import { manPages } from './src/cli/man-page.ts'
import { TOOLS } from './src/cli/tools/all.ts'

const manual = {
  name: 'manual-pages',
  generateBundle() {
    for (const { file, text } of manPages()) {
      this.emitFile({ type: 'asset', fileName: `man/${file}`, source: text })
    }
  },
}

/** Those of `bin` in package.json, and the one behind `npm start`. */
const PROGRAMS = [
  'npm-start',
  'opendht',
  ...TOOLS.filter((it) => !it.isInternal).map((it) => it.name),
]
const programs = Object.fromEntries(PROGRAMS.map((it) => [`cli/${it}`, `src/cli/${it}.ts`]))

/**
 * One chunk per layer, with all that it imports of none of those before; what is imported when it
 * is needed stays by itself. Others than that of the runner know nothing of Node.js, or only crypto.
 */
const GROUPS = [
  { name: 'core', test: /[/\\]src[/\\]core[/\\]/, priority: 5 },
  { name: 'api', test: /[/\\]src[/\\]api[/\\]/, priority: 4 },
  { name: 'proxy-options', test: /[/\\]proxy[/\\]client[/\\]proxy-options\.ts$/, priority: 3 },
  { name: 'crypto', test: /[/\\]src[/\\]crypto[/\\](identity|trust-list)\.ts$/, priority: 2 },
  { name: 'runner', test: /[/\\]src[/\\]nodejs[/\\]dht-runner\.ts$/, priority: 1 },
]

export default defineConfig({
  input: {
    'nodejs/entry': 'src/nodejs/entry.ts',
    'core/entry': 'src/core/entry.ts',
    'crypto/entry': 'src/crypto/entry.ts',
    'nodejs/discovery/entry': 'src/nodejs/discovery/entry.ts',
    'proxy/server/entry': 'src/proxy/server/entry.ts',
    'proxy/client/entry': 'src/proxy/client/entry.ts',
    'sim/entry': 'src/sim/entry.ts',
    'pht/entry': 'src/pht/entry.ts',
    ...programs,
  },
  platform: 'node',
  external: [/^node:/, '@opentelemetry/api', '@redis/client'],
  plugins: [notices, manual],
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name].js',
    comments: false,
    codeSplitting: { groups: GROUPS },
  },
})
