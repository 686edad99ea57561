// SPDX-License-Identifier: MIT
// The sessions that were recorded with C++ nodes, typed into ours through a pipe and at a terminal:
// every line that the original printed is printed here, too, in the same form, apart from the
// differences below, which docs/tools.md explains.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startDemo } from '../../src/cli/demo.ts'
import { Identity } from '../../src/crypto/identity.ts'
import { DHTNODE, temporaryFolder } from '../support/cli-kit.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { AT_TERMINAL, terminalMissing, withoutEscapes } from '../support/pseudo-terminal.ts'
import { formOf, readSession } from '../support/recorded-session.ts'
import { poll } from '../support/watch.ts'

const COMMANDS = [
  ...['ll', 'p mykey hello', 'pp mykey permanent', 'g mykey'],
  'g 2222222222222222222222222222222222222222 WHERE id=1',
  ...['q mykey SELECT id WHERE value_type=0', 'l mykey', 'p mykey again', 's mykey signedtext'],
  ...['g mykey', 'cl mykey 1', 'a svc 4567', 'g svc', 'lr', 'ls', 'ld', 'la'],
  ...['b', 'g', 'zzz', 'cl mykey', 'cc'],
]

/** Lines of the original that ours has in another way, or not. */
const DIFFERENT: readonly { readonly why: string; readonly forms: RegExp }[] = [
  {
    why: 'nothing is announced over IPv6, which is off here',
    forms: /^Announcement: .*\)?("|Certificate)\]$/,
  },
  { why: 'the legend explains other marks', forms: /^s:synched/ },
  { why: 'a put of a signed value says its id', forms: /^Put signed: success \(took TIME\)$/ },
  { why: 'a parenthesis is closed', forms: /^Announce: success \(took TIME$/ },
  { why: 'an announced address is shown', forms: /^\tValue\[id:ID \]$/ },
  { why: 'all nodes of a search show the same marks', forms: /^ N KEY/ },
  { why: 'states of searches follow our own rules', forms: /^Search IPvN/ },
  {
    why: 'other nodes listen and store other values',
    forms: /^ (L|N local l)istener|^Storage KEY/,
  },
  { why: 'how many values come in one piece is chance', forms: /^Listen: found N values/ },
  { why: 'values are put by this node only, within one minute', forms: /^IP |^KEY count|Node KEY/ },
  { why: '2.4 sums up in other words', forms: /^Storage has|^N ongoing|^Total N storages/ },
]
const isDifferent = (form: string): boolean => DIFFERENT.some(({ forms }) => forms.test(form))

for (const version of ['2.4.12', '4.3.1']) {
  const recorded = readSession(`dhtnode-${version}-session`, COMMANDS)

  test(`a session through a pipe prints what ${version} printed`, (t) => replay(t, recorded))

  test(
    `a session at a terminal prints what ${version} printed`,
    {
      skip: terminalMissing(),
    },
    (t) => replay(t, recorded, AT_TERMINAL),
  )
}

async function replay(
  t: TestContext,
  recorded: ReturnType<typeof readSession>,
  prefix: readonly string[] = [],
): Promise<void> {
  const demo = await startDemo(7)
  t.after(() => demo.close())
  const me = join(temporaryFolder(t), 'me')
  await (await Identity.generate({ bits: 2048 })).save(me)
  const identity = ['--certificate', `${me}.crt`, '--privkey', `${me}.pem`]
  const network = ['-n', String(demo.network), '-b', demo.entry]
  const args = ['--bind4', '127.0.0.1', '-p', '0', ...network, ...identity]
  await using node = await DhtnodeProcess.start({ command: DHTNODE, args, prefix })
  await poll(async () => (await node.stats()).ipv4.good > 2, 10_000, 'three good nodes')
  for (const { typed, forms } of recorded) {
    const mark = node.mark()
    const missing = (): string[] => {
      const printed = withoutEscapes(`${node.stdout.slice(mark)}\n${node.stderr}`).split('\n')
      const ours = new Set(printed.map(formOf))
      return forms.filter((form) => !ours.has(form) && !isDifferent(form))
    }
    node.send(typed)
    await poll(() => missing().length === 0, 10_000, typed).catch(() => {
      assert.deepEqual(missing(), [], `${typed}:\n${node.stdout.slice(mark)}`)
    })
  }
  node.send('x')
  assert.equal(await node.exited, 0)
  assert.match(withoutEscapes(node.stdout), /\nStopping node\.\.\.\s*$/)
  const isPrompted = withoutEscapes(node.stdout).includes('>> ')
  assert.equal(isPrompted, prefix.length > 0, 'a prompt at a terminal only')
}
