// SPDX-License-Identifier: MIT
// Builds what browsers get, unless what is there is newer than all that it is made of: the dashboard,
// and the proxy client in one file, as a module and as a script that works from static files.

import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { notices } from './notices.js'

const ROOT = join(import.meta.dirname, '..')
const CLIENT_INPUTS = [
  'package-lock.json',
  'scripts/browser.js',
  'src/{api,core}/**/*.ts',
  'src/proxy/{client,protocol}/*.ts',
]
const DASHBOARD_INPUTS = [
  'package-lock.json',
  'dashboard/**',
  'src/core/**/*.ts',
  'src/{discovery,secure,sim}/*.ts',
  'src/proxy/{protocol,server/inspect}/*.ts',
]

if (!isUpToDate('dist/browser/proxy-client.global.js', CLIENT_INPUTS)) await buildClient()
if (!isUpToDate('dist/dashboard/index.html', DASHBOARD_INPUTS)) await buildDashboard()

function isUpToDate(output, inputs) {
  if (!existsSync(join(ROOT, output))) return false
  const builtAt = statSync(join(ROOT, output)).mtimeMs
  return globSync(inputs, { cwd: ROOT }).every((it) => statSync(join(ROOT, it)).mtimeMs <= builtAt)
}

async function buildDashboard() {
  const { build } = await import('vite')
  await build({ root: join(ROOT, 'dashboard'), logLevel: 'warn' })
}

async function buildClient() {
  const { rolldown } = await import('rolldown')
  const bundle = await rolldown({
    input: join(ROOT, 'src/proxy/client/entry.ts'),
    platform: 'browser',
    plugins: [notices],
    logLevel: 'warn',
  })
  const dir = join(ROOT, 'dist/browser')
  const common = { dir, minify: true, comments: false, codeSplitting: false }
  await bundle.write({ ...common, format: 'esm', entryFileNames: 'proxy-client.js' })
  await bundle.write({
    ...common,
    format: 'iife',
    name: 'opendht',
    entryFileNames: 'proxy-client.global.js',
  })
  await bundle.close()
}
