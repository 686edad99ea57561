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
import { freePort } from '../support/free-port.ts'
import { AT_TERMINAL, terminalMissing, withoutEscapes } from '../support/pseudo-terminal.ts'
import { formOf, readSession } from '../support/recorded-session.ts'
import { poll } from '../support/watch.ts'

const COMMANDS = [
  ...['ll', 'p mykey hello', 'pp mykey permanent', 'g mykey'],
  'g 2222222222222222222222222222222222222222 WHERE id=1',
  ...['q mykey SELECT id WHERE value_type=0', 'l mykey', 'p mykey again', 's mykey signedtext'],
  ...['g mykey', 'cl mykey 1', 'a svc 4567', 'g svc', 'lr', 'ls', 'ld', 'la'],
  ...['b', 'g', 'zzz', 'cpp mykey 1', 'cl mykey', 'cc'],
  ...['ii idx k:abcd 2703a0755f6c4302aa5da1d7fb0a115e5867cbd8', 'il idx k:abcd'],
  ...['il idx k:abzz false', 'il', 'il idx zz:1', 'ii idx k:abcd nothash'],
  'e mykey 0000000000000000000000000000000000000001 secret',
]
/** Behind them, in each recording with a port of its own. */
const proxyCommands = (port: number): string[] => [
  ...[`pst ${port}`, 'll', `psp ${port}`, 'psx 1', 'log', 'log'],
]
const RECORDED_PORTS: Readonly<Record<string, number>> = { '2.4.12': 48_140, '4.3.1': 48_240 }
/** What ours says of commands that the original says nothing of. */
const CONFIRMED: Readonly<Record<string, RegExp>> = {
  pst: /REST proxy at http:/,
  psp: /No more proxy on port /,
  psx: /REST proxy at https:/,
}

/** Lines of the original that ours has in another way, `ours`, or not. */
const DIFFERENT: readonly {
  readonly why: string
  readonly forms: RegExp
  readonly ours?: RegExp
}[] = [
  {
    why: 'nothing is announced over IPv6, which is off here',
    forms: /^Announcement: .*\)?("|Certificate)\]$/,
  },
  { why: 'the legend explains other marks', forms: /^s:synched/ },
  {
    why: 'a put of a signed value says its id',
    forms: /^Put signed: success \(took TIME\)$/,
    ours: /^Put signed: success \(took TIME\)\. Value ID: ID$/,
  },
  {
    why: 'a failure says why',
    forms: /^Put encrypted: failure \(took TIME\)?$/,
    ours: /^Put encrypted: failure \(took TIME\): no certificate with this id was found$/,
  },
  {
    why: 'a parenthesis is closed',
    forms: /^Announce: success \(took TIME$/,
    ours: /^Announce: success \(took TIME\)$/,
  },
  {
    why: 'an announced address is shown',
    forms: /^\tValue\[id:ID \]$/,
    ours: /^\tValue\[id:ID .*N\.N\.N\.N:N.*\]$/,
  },
  {
    why: 'the error says what is wrong',
    forms: /^Key does not match the PHT key spec\.$/,
    ours: /^Pht::lookup: failed\. took TIME: key has a field "zz", but the index has "k"\./,
  },
  {
    why: 'the error names the word',
    forms: /^Syntax error: invalid InfoHash\.$/,
    ours: /^Syntax error: invalid InfoHash: nothash /,
  },
  {
    why: 'the node of the tree is not shown',
    forms: /^(Prefix :|\t(Content_|Flags_) :| hash: KEY)/,
  },
  { why: 'commands of an index wait for each other', forms: /^Pht::insert: done\.$/ },
  { why: 'nothing is below zero', forms: /^Requests: -N per/, ours: /^Requests: N per/ },
  { why: 'pushes are counted in /metrics', forms: /^Push requests in the last/ },
  {
    why: '2.4 has no commas',
    forms: /^ Listens: N Puts: N PushListeners: N$/,
    ours: /^ Listens: N, Puts: N, PushListeners: N$/,
  },
  { why: 'what is logged is our own', forms: /^\[N\.N\]/ },
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

/** Whether one of our lines stands for that of the original. */
function isPrinted(form: string, ours: ReadonlySet<string>): boolean {
  if (ours.has(form)) return true
  const difference = DIFFERENT.find(({ forms }) => forms.test(form))
  const { ours: expected } = difference ?? {}
  if (expected === undefined) return difference !== undefined
  return [...ours].some((line) => expected.test(line))
}

for (const [version, port] of Object.entries(RECORDED_PORTS)) {
  const commands = [...COMMANDS, ...proxyCommands(port)]
  const recorded = readSession(`dhtnode-${version}-session`, commands)

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
  const proxyPort = await freePort()
  for (const { typed, forms } of recorded) {
    const mark = node.mark()
    const missing = (): string[] => {
      const printed = withoutEscapes(`${node.stdout.slice(mark)}\n${node.stderr}`).split('\n')
      const ours = new Set(printed.map(formOf))
      return forms.filter((form) => !isPrinted(form, ours))
    }
    const [name = ''] = typed.split(' ')
    node.send(typed.replace(/^(ps.) \d+$/, `$1 ${name === 'psx' ? 0 : proxyPort}`))
    await node.waitForOutput(CONFIRMED[name] ?? /^/, undefined, mark)
    await poll(() => missing().length === 0, 10_000, typed).catch(() => {
      assert.deepEqual(missing(), [], `${typed}:\n${node.stdout.slice(mark)}`)
    })
  }
  node.send('x')
  const isTerminal = prefix.length > 0
  assert.equal(await node.exited, isTerminal ? 0 : 2, 'some commands are wrong')
  assert.match(withoutEscapes(node.stdout), /\nStopping node\.\.\.\s*$/)
  const isPrompted = withoutEscapes(node.stdout).includes('>> ')
  assert.equal(isPrompted, isTerminal, 'a prompt at a terminal only')
}
