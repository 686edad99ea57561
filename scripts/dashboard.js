// SPDX-License-Identifier: MIT
// Builds the dashboard into dist/dashboard, unless what is there is newer than all it is made of.

import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const INPUTS = [
  'package-lock.json',
  'dashboard/**',
  'src/core/**/*.ts',
  'src/{discovery,secure,sim}/*.ts',
  'src/proxy/{protocol,server/inspect}/*.ts',
]

if (!isUpToDate()) {
  const { build } = await import('vite')
  await build({ root: join(ROOT, 'dashboard'), logLevel: 'warn' })
}

function isUpToDate() {
  const output = join(ROOT, 'dist/dashboard/index.html')
  if (!existsSync(output)) return false
  const builtAt = statSync(output).mtimeMs
  return globSync(INPUTS, { cwd: ROOT }).every((it) => statSync(join(ROOT, it)).mtimeMs <= builtAt)
}
