// SPDX-License-Identifier: MIT
// What the container files and systemd units run are command lines that the tools take, and the
// node is the same one everywhere.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readArguments } from '../../../src/cli/given.ts'
import { type NodeOptions, toNodeOptions } from '../../../src/cli/options.ts'
import { findTool } from '../../../src/cli/tools/all.ts'

const read = (path: string): string =>
  readFileSync(new URL(`../../../packaging/${path}`, import.meta.url), 'utf8')

function only(text: string, pattern: RegExp): string {
  const [found, ...more] = [...text.matchAll(pattern)]
  assert.ok(found?.[1] !== undefined && more.length === 0, String(pattern))
  return found[1]
}

/** The tool and what it makes of the rest. Throws UsageError for what it does not take. */
function understood([name = '', ...args]: readonly string[]): NodeOptions {
  const tool = findTool(name)
  assert.ok(tool, `a tool ${name}`)
  return toNodeOptions(readArguments(args, tool.flags))
}

/** The command line of a unit, with the arguments of its file of defaults. */
function unit(name: string): string[] {
  const command = only(read(`systemd/${name}.service`), /^ExecStart=\/usr\/bin\/env (.*)$/gm)
  const defaults = only(read(`systemd/${name}.conf`), /^DHT_ARGS=(.*)$/gm).replace(/^"(.*)"$/, '$1')
  const persistent = command.replace(/\$STATE_DIRECTORY|\$\{STATE_DIRECTORY\}|%S/g, '/var/lib')
  return persistent.replace(/\$\{?DHT_ARGS\}?/, defaults).split(/\s+/)
}

test('containers and units run the same node', () => {
  const image: string[] = JSON.parse(only(read('docker/Dockerfile'), /^CMD (.*)$/gm))
  const composed = only(read('docker/compose.yaml'), /^ {4}command: (.*)$/gm).split(' ')
  const items = only(read('kubernetes/statefulset.yaml'), /^ {10}args:\n((?: {12}- .*\n)+)/gm)
  const pod = items.match(/(?<=- ).*/g)!.map((word) => word.replace(/^'(.*)'$/, '$1'))
  assert.deepEqual(composed, image)
  assert.deepEqual(
    pod.filter((word) => word !== '--bootstrap-mode'),
    image,
  )
  for (const line of [image, composed, pod, unit('dhtnode')]) {
    const { port, bootstrap, service, verbose, persist } = understood(line)
    assert.deepEqual(
      [port, bootstrap, service, verbose],
      [4222, ['bootstrap.jami.net'], true, true],
      line.join(' '),
    )
    assert.ok(persist?.startsWith('/var/lib/'), 'the state is kept')
  }
})

test('the unit of a cluster is a command line of dhtcluster', () => {
  const { bootstrap, service, port } = understood(unit('dhtcluster'))
  assert.deepEqual([bootstrap, service, port], [['bootstrap.jami.net'], true, 4222])
})

test('state and port are those that the container files declare', () => {
  assert.match(read('docker/Dockerfile'), /^VOLUME \/var\/lib\/opendht\nEXPOSE 4222\/udp$/m)
  assert.ok(read('docker/compose.yaml').includes("['state:/var/lib/opendht']"))
  assert.ok(read('kubernetes/statefulset.yaml').includes('mountPath: /var/lib/opendht'))
})
