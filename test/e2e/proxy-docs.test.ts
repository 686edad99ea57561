// SPDX-License-Identifier: MIT
// docs/proxy.md says what is: its curl examples run as printed, its table of metrics has all that
// there are, its limits are the defaults.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { DEFAULT_LIMITS } from '../../src/proxy/server/limits.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { ROUTES } from '../../src/proxy/server/routes/all.ts'
import { parseOpenMetrics } from '../support/open-metrics.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const PAGE = read('docs/proxy.md')
const RULES = read('packaging/prometheus/opendht.yml')
const hasCurl = spawnSync('curl', ['--version']).status === 0
const run = promisify(execFile)

describe('the page about proxies', () => {
  let nodes: DhtRunner[]
  let proxy: ProxyServer

  before(async () => {
    const local = { port: 0, bind4: '127.0.0.1', bind6: false } as const
    const first = await DhtRunner.start(local)
    const bootstrap = [`127.0.0.1:${first.port4}`]
    nodes = [first, await DhtRunner.start({ ...local, bootstrap })]
    await Promise.all(nodes.map((node) => node.whenConnected()))
    proxy = await ProxyServer.start(nodes[1]!, { port: 0, address: '127.0.0.1' })
  })
  after(async () => {
    await proxy?.close()
    await Promise.all(nodes?.map((node) => node.close()) ?? [])
  })

  it('has examples that work', { skip: hasCurl ? false : 'curl is not installed' }, async () => {
    const examples = [...PAGE.matchAll(/^(curl .*)\n((?:# .*\n)+)/gm)]
    assert.ok(examples.length >= 5)
    for (const [, command, shown] of examples) {
      const here = command!.replace('http://127.0.0.1:8080', proxy.url).replace('curl', 'curl -s')
      // A listen ends with its time, which curl calls a failure.
      const { stdout } = await run('sh', ['-c', `${here} || true`])
      assert.equal(stdout.trim(), shown!.replace(/^# /gm, '').trim(), command)
    }
  })

  it('names every metric, and the alerts only those', async () => {
    const page = parseOpenMetrics(await (await fetch(`${proxy.url}/metrics`)).text())
    const names = [...page].map(([name, { type }]) => {
      if (type === 'counter') return `${name}_total`
      return type === 'info' ? `${name}_info` : name
    })
    const unnamed = names.filter((name) => !PAGE.includes(`\`${name}\``))
    assert.deepEqual(unnamed, [])
    const bases = new Set(names)
    for (const [used] of RULES.matchAll(/\bopendht_\w+/g)) {
      assert.ok(bases.has(used.replace(/_bucket$/, '')), `there is no ${used}`)
    }
  })

  it('names every route', () => {
    for (const { method, path } of ROUTES) {
      if (method === 'OPTIONS' || path.startsWith('/:key')) continue
      const shown = path.replace(':key', 'KEY')
      assert.ok(PAGE.includes(`\`${method} ${shown}\``), `${method} ${shown}`)
    }
  })

  it('has the limits that there are', () => {
    for (const [name, value] of Object.entries(DEFAULT_LIMITS)) {
      const row = PAGE.split('\n').find(
        (line) => line.startsWith('|') && line.includes(`\`${name}\``),
      )
      assert.ok(row, `no line about ${name}`)
      const numbers = row.replaceAll(',', '').split('|')[2]!.match(/\d+/g)
      assert.ok(numbers?.includes(`${value}`), `${name} is ${value}: ${row}`)
    }
  })
})
