// SPDX-License-Identifier: MIT
// The walls between the layers are compiler settings. This test compiles small offenders with the
// settings of the real layers, so that loosening those fails here.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '..')
const TSC = join(ROOT, 'node_modules/.bin/tsc')
const LAYERS = [
  'core',
  'api',
  'crypto',
  'secure',
  'discovery',
  'sim',
  'pht',
  'proxy/protocol',
  'proxy/client',
  'proxy/server',
  'nodejs',
  'cli',
  'bridge',
]

const SOUND: Record<string, string> = {
  'core/entry.ts': 'export const answer = new Uint8Array(1)[0] ?? 42',
  'api/entry.ts': `
    import { answer } from '../core/entry.ts'
    export class Client implements AsyncDisposable {
      signal: AbortSignal | undefined
      async [Symbol.asyncDispose](): Promise<void> {}
      answer = answer
    }`,
  'crypto/keys.ts': `
    import { createHash } from 'node:crypto'
    import { answer } from '../core/entry.ts'
    export const digest = () => createHash('sha1').update(String(answer)).digest()`,
  'secure/signer.ts': `
    import { Client } from '../api/entry.ts'
    import { digest } from '../crypto/keys.ts'
    export class Signer extends Client {
      signature = digest()
    }`,
  'discovery/packets.ts': `
    import { answer } from '../core/entry.ts'
    export const packet = Uint8Array.of(answer)`,
  'sim/network.ts': `
    import { Client } from '../api/entry.ts'
    export class Network extends Client {}`,
  'pht/tree.ts': `
    import { Client } from '../api/entry.ts'
    export class Tree extends Client {}`,
  'proxy/protocol/json.ts': `
    import { Client } from '../../api/entry.ts'
    export const json = btoa(String(new Client().answer))`,
  'proxy/client/client.ts': `
    import { Client } from '../../api/entry.ts'
    import { json } from '../protocol/json.ts'
    export class ProxyClient extends Client {
      page = fetch(json)
    }`,
  'proxy/server/server.ts': `
    import { createServer } from 'node:http'
    import { json } from '../protocol/json.ts'
    export const server = createServer((_, reply) => reply.end(json))`,
  'nodejs/entry.ts': `
    import { readFileSync } from 'node:fs'
    export { Client } from '../api/entry.ts'
    export { Signer } from '../secure/signer.ts'
    export const read = (path: string) => readFileSync(path).length`,
  'cli/main.ts': `
    import { Client, read } from '../nodejs/entry.ts'
    console.log(read('a'), new Client().answer)`,
  'bridge/main.ts': `
    import { Tree } from '../pht/tree.ts'
    process.stdout.write(String(new Tree().answer))`,
}

const OFFENDERS: [path: string, text: string, error: string][] = [
  ['core/imports-node.ts', "import 'node:fs'", 'TS2882'],
  ['core/imports-upwards.ts', "export { read } from '../nodejs/entry.ts'", 'TS6307'],
  ['core/imports-api.ts', "export { Client } from '../api/entry.ts'", 'TS6307'],
  ['core/sets-timer.ts', 'setTimeout(() => {}, 1)', 'TS2304'],
  ['core/logs.ts', "console.log('x')", 'TS2584'],
  ['core/reads-environment.ts', 'export const home = process.env', 'TS2591'],
  ['core/fetches.ts', "export const page = fetch('x')", 'TS2304'],
  ['core/aborts.ts', 'export let signal: AbortSignal', 'TS2304'],
  ['api/imports-node.ts', "import 'node:fs'", 'TS2882'],
  ['api/imports-upwards.ts', "export { read } from '../nodejs/entry.ts'", 'TS6307'],
  ['api/buffers.ts', "export const bytes = Buffer.from('x')", 'TS2591'],
  ['crypto/imports-api.ts', "export { Client } from '../api/entry.ts'", 'TS6307'],
  ['secure/imports-upwards.ts', "export { read } from '../nodejs/entry.ts'", 'TS6307'],
  ['discovery/imports-node.ts', "import 'node:fs'", 'TS2882'],
  ['discovery/imports-api.ts', "export { Client } from '../api/entry.ts'", 'TS6307'],
  ['discovery/sets-timer.ts', 'setTimeout(() => {}, 1)', 'TS2304'],
  ['sim/imports-node.ts', "import 'node:fs'", 'TS2882'],
  ['pht/imports-node.ts', "import 'node:fs'", 'TS2882'],
  ['pht/imports-upwards.ts', "export { read } from '../nodejs/entry.ts'", 'TS6307'],
  ['sim/imports-upwards.ts', "export { read } from '../nodejs/entry.ts'", 'TS6307'],
  ['proxy/protocol/imports-node.ts', "import 'node:fs'", 'TS2882'],
  ['proxy/protocol/imports-server.ts', "import '../server/server.ts'", 'TS6307'],
  ['proxy/client/imports-node.ts', "import 'node:fs'", 'TS2882'],
  ['proxy/client/imports-server.ts', "import '../server/server.ts'", 'TS6307'],
  ['proxy/server/imports-upwards.ts', "import '../../nodejs/entry.ts'", 'TS6307'],
  ['nodejs/imports-upwards.ts', "import '../cli/main.ts'", 'TS6307'],
  ['cli/imports-bridge.ts', "import '../bridge/main.ts'", 'TS6307'],
  ['nodejs/uses-newer-runtime.ts', 'Promise.withResolvers()', 'TS2550'],
]

const root = mkdtempSync(join(tmpdir(), 'opendht-layers-'))
after(() => rmSync(root, { recursive: true }))
for (const path of ['package.json', 'tsconfig.base.json', 'tsconfig.json']) copy(path)
for (const layer of LAYERS) copy(`src/${layer}/tsconfig.json`)
symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))

test('imports downwards compile', () => {
  for (const [path, text] of Object.entries(SOUND)) write(path, text)
  assert.deepEqual(compile('.'), [])
})

test('each offence against the layers is a compile error', () => {
  for (const [path, text] of OFFENDERS) write(path, text)
  const errors = LAYERS.flatMap((layer) => compile(`src/${layer}`))
  const expected = OFFENDERS.map(([path, , error]) => `src/${path} ${error}`)
  assert.deepEqual(
    expected.filter((offence) => !errors.includes(offence)),
    [],
    errors.join('\n'),
  )
})

/** Returns `file code` of each error. */
function compile(project: string): string[] {
  const { stdout } = spawnSync(TSC, ['-b', '--pretty', 'false', project], {
    cwd: root,
    encoding: 'utf8',
  })
  const lines = stdout.split('\n').filter((line) => line.includes('error TS'))
  return lines.map((line) => line.replace(/\(\d+,\d+\): error (TS\d+):.*/, ' $1'))
}

function copy(path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  cpSync(join(ROOT, path), join(root, path))
}

function write(path: string, text: string): void {
  writeFileSync(join(root, 'src', path), `${text}\n`)
}
