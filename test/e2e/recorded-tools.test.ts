// SPDX-License-Identifier: MIT
// What C++ dhtchat and dhtscanner printed, line by line, from ours: through pipes and at terminals.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Demo, startDemo } from '../../src/cli/demo.ts'
import { Identity } from '../../src/crypto/identity.ts'
import { runProgram, TOOL, temporaryFolder } from '../support/cli-kit.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { AT_TERMINAL, terminalMissing, withoutEscapes } from '../support/pseudo-terminal.ts'
import { formOf, readPrinted } from '../support/recorded-session.ts'

const optionsFor = ({ network, entry }: Demo): string[] => {
  return ['--bind4', '127.0.0.1', '-n', String(network), '-b', entry]
}
const formsOf = (output: string): Set<string> =>
  new Set(withoutEscapes(output).split('\n').map(formOf))

test('dhtchat prints what the original printed, through a pipe', (t) => chat(t))

test(
  'dhtchat prints what the original printed, at a terminal',
  {
    skip: terminalMissing(),
  },
  (t) => chat(t, AT_TERMINAL),
)

async function chat(t: TestContext, prefix: readonly string[] = []): Promise<void> {
  const demo = await startDemo(5)
  t.after(() => demo.close())
  const folder = temporaryFolder(t)
  const start = async (name: string): Promise<DhtnodeProcess> => {
    const file = join(folder, name)
    await (await Identity.generate({ bits: 2048 })).save(file)
    const identity = ['--certificate', `${file}.crt`, '--privkey', `${file}.pem`]
    const args = [...optionsFor(demo), ...identity]
    return DhtnodeProcess.start({ command: TOOL('dhtchat'), args, prefix })
  }
  await using receiver = await start('receiver')
  await using sender = await start('sender')
  await receiver.ask('c room1', /Joining/)
  await sender.ask('c room1', /Joining/)
  sender.send('hello from A')
  await receiver.waitForOutput(/ - hello from A/)
  sender.send('d')
  for (const chatter of [sender, receiver]) {
    chatter.send('x')
    assert.equal(await chatter.exited, 0)
  }
  const typed = ['c room1', 'hello from A', 'd', 'x']
  for (const [role, { stdout }] of Object.entries({ receiver, sender })) {
    const ours = formsOf(stdout)
    const recorded = readPrinted(`dhtchat-4.3.1-${role}`, typed)
    assert.ok(recorded.length >= 7, 'the recording is read')
    assert.deepEqual(
      recorded.filter((form) => !ours.has(form)),
      [],
      `${role}:\n${stdout}`,
    )
  }
}

test('dhtscanner prints what the original printed, apart from its steps', async (t) => {
  const demo = await startDemo(7)
  t.after(() => demo.close())
  const { status, stdout } = await runProgram([...TOOL('dhtscanner'), ...optionsFor(demo)])
  assert.equal(status, 0)
  const recorded = readPrinted('dhtscanner-4.3.1', [])
  const isOther = /^(OpenDHT node|Storage|Local storage|Ongoing|[Ss]tep|Found N nodes for)/
  const expected = recorded.filter((form) => !isOther.test(form))
  assert.deepEqual(expected, [
    'Scanning network N on port N',
    'Scan ended: N nodes found.',
    'Node KEY: N.N.N.N:N',
  ])
  const ours = formsOf(stdout)
  assert.deepEqual(
    expected.filter((form) => !ours.has(form)),
    [],
  )
})
