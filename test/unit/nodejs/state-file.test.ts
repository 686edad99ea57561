// SPDX-License-Identifier: MIT
// State files: atomic, private, and never thrown away because they are damaged.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import type { Log } from '../../../src/core/ports.ts'
import { packState } from '../../../src/core/storage/state.ts'
import { SavedState } from '../../../src/nodejs/saved-state.ts'
import { StateFile } from '../../../src/nodejs/state-file.ts'

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'opendht-state-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

function collectingLog(): { log: Log; lines: string[] } {
  const lines: string[] = []
  return {
    lines,
    log: { enabled: () => true, write: (level, text) => lines.push(`${level} ${text}`) },
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('what was written is read, by its owner alone', async (t) => {
  const path = join(await scratch(t), 'state')
  const file = new StateFile(path)
  assert.equal(await file.read(), undefined)
  await file.write(bytes('one'))
  await file.write(bytes('two'))
  assert.deepEqual(await file.read(), bytes('two'))
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(join(path, '..')), ['state'])
})

test('writes at the same time come one after the other', async (t) => {
  const path = join(await scratch(t), 'state')
  const file = new StateFile(path)
  const writes = ['a', 'b', 'c'].map((letter) => file.write(bytes(letter.repeat(100_000))))
  await Promise.all(writes)
  assert.equal((await readFile(path, 'latin1')).at(-1), 'c')
})

test('the same state is not written again', async (t) => {
  const path = join(await scratch(t), 'state')
  const file = new StateFile(path)
  await file.write(bytes('same'))
  await rm(path)
  await file.write(bytes('same'))
  await assert.rejects(stat(path), { code: 'ENOENT' })
  await file.write(bytes('other'))
  await stat(path)
})

test('leftovers of a crash do not get in the way, and links are not followed', async (t) => {
  const directory = await scratch(t)
  const path = join(directory, 'state')
  const victim = join(directory, 'victim')
  await writeFile(victim, 'precious')
  await symlink(victim, `${path}.tmp`)
  await new StateFile(path).write(bytes('state'))
  assert.equal(await readFile(victim, 'latin1'), 'precious')
  assert.equal(await readFile(path, 'latin1'), 'state')
})

test('a failed write leaves the old state and nothing else', async (t) => {
  const directory = await scratch(t)
  const path = join(directory, 'nowhere', 'state')
  await assert.rejects(new StateFile(path).write(bytes('x')), {
    code: 'ERR_DHT_STATE',
    message: `Cannot write the state file "${path}": ENOENT`,
  })
  const blocked = new StateFile(join(directory, 'blocked'))
  await blocked.write(bytes('old'))
  await mkdir(`${blocked.path}.tmp`)
  await assert.rejects(blocked.write(bytes('new')), { code: 'ERR_DHT_STATE' })
  assert.deepEqual(await blocked.read(), bytes('old'))
  await rm(`${blocked.path}.tmp`, { recursive: true })
  await blocked.write(bytes('new'))
  assert.deepEqual(await blocked.read(), bytes('new'))
})

test('a path that cannot be read is an error', async (t) => {
  const directory = await scratch(t)
  await assert.rejects(new StateFile(directory).read(), {
    code: 'ERR_DHT_STATE',
    message: `Cannot read the state file "${directory}": EISDIR`,
  })
})

test('ports survive', async (t) => {
  const path = join(await scratch(t), 'state')
  const file = new StateFile(path)
  assert.deepEqual(await file.readPorts(), { port4: undefined, port6: undefined })
  await file.writePorts({ port4: 4222, port6: 4223 })
  assert.equal(await readFile(`${path}_port.txt`, 'latin1'), '4222\n4223\n')
  assert.deepEqual(await file.readPorts(), { port4: 4222, port6: 4223 })
  await file.writePorts({ port4: undefined, port6: 4223 })
  assert.deepEqual(await file.readPorts(), { port4: undefined, port6: 4223 })
  for (const text of ['4222', '4222\n', '4222\r\n0\r\n']) {
    await writeFile(file.portPath, text)
    assert.deepEqual(await file.readPorts(), { port4: 4222, port6: undefined }, text)
  }
})

test('a corrupt file of ports is set aside with a warning', async (t) => {
  const directory = await scratch(t)
  const path = join(directory, 'state')
  const { log, lines } = collectingLog()
  const corrupt = ['', 'x\ny', '4222\nx', '99999\n4222', '4222\n-1', '1.5\n1e3', '1\n2\n3\n']
  for (const text of corrupt) {
    await writeFile(`${path}_port.txt`, text)
    const { ports } = await SavedState.load(path, log)
    assert.deepEqual(ports, { port4: undefined, port6: undefined }, text)
  }
  assert.equal((await readdir(directory)).length, corrupt.length)
  assert.equal(await readFile(`${path}_port.txt.corrupt.3`, 'latin1'), corrupt[2])
  assert.equal(lines.length, corrupt.length)
  const aside = `kept as "${path}_port.txt.corrupt", starting without it`
  assert.equal(lines[0], `warning Port file "${path}_port.txt" is corrupt: ${aside}`)
})

test('a state gives its id', async (t) => {
  const path = join(await scratch(t), 'state')
  const id = InfoHash.get('node')
  await new StateFile(path).write(packState({ id, nodes: [], values: [] }))
  const state = await SavedState.load(path, undefined)
  assert.ok(state.id?.equals(id))
  assert.ok(state.bytes !== undefined && !(state.bytes instanceof Buffer))
})

test('a corrupt state is set aside with a warning, every time', async (t) => {
  const directory = await scratch(t)
  const path = join(directory, 'state')
  const { log, lines } = collectingLog()
  const corrupt = [
    bytes(''),
    bytes('not a state'),
    packState({ id: undefined, nodes: [], values: [] }),
  ]
  for (const contents of corrupt) {
    await writeFile(path, contents)
    const state = await SavedState.load(path, log)
    assert.equal(state.id, undefined)
    assert.equal(state.bytes, undefined)
  }
  assert.deepEqual((await readdir(directory)).sort(), [
    'state.corrupt',
    'state.corrupt.2',
    'state.corrupt.3',
  ])
  assert.deepEqual(new Uint8Array(await readFile(`${path}.corrupt.2`)), corrupt[1])
  assert.equal(lines.length, 3)
  assert.equal(
    lines[0],
    `warning State file "${path}" is corrupt: kept as "${path}.corrupt", starting without it`,
  )
})
