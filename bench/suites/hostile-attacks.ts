// SPDX-License-Identifier: MIT
// The attacks of the benchmark `hostile` on a single node: small ones, which `bench/attacker` has,
// and those that try to make it keep more than its share for somebody.

import type { Row, Subject } from '../harness/benchmark.ts'
import type { Context } from '../harness/context.ts'
import { HostileNetwork, type Look, PORT, type Setting } from '../harness/hostile-network.ts'

type Load = Readonly<Record<string, number | string>> & { readonly outstanding?: number }
type Run = (subject: Subject, context: Context) => Promise<Row>

/** Honest nodes that the attacked one knows, enough for a full list. */
const KNOWN = 20
const LIAR = '198.19.200.1'
const LIE = '203.0.113.9'
const LIAR_PORTS = 16

/** Far more than there is room for. */
const EMPTY_VALUES = 300_000
/** What one honest host stores, more than each of these, who store more than fits altogether. */
const HONEST_VALUES = 2000
const CROWD = 250
const CROWD_VALUES = 100_000
const CROWD_BYTES = 1000
const SAMPLE = 3000
const LISTENS = 20_000
const LOAD_SECONDS = 60
/** Whoever is over the limit gets no answer: others need not wait for that. */
const OUTSTANDING_LISTENS = 512

/** Beside the peers that introduce others. */
const inTable: (others: number) => Look = (others) => async (node) => {
  const { good, dubious } = await node.stat()
  return { kept: Math.max(0, good + dubious - others) }
}

const believesLie: Look = async (node) => ({
  got: (await node.publicAddress()) === LIE ? 100 : 0,
})

const liars = Array.from({ length: LIAR_PORTS }, (_, i) => ({
  address: LIAR,
  port: `${Number(PORT) + i}`,
}))

export const ATTACKS: readonly (readonly [string, Run])[] = [
  ['a ping in the name of somebody', attack('ping', { introduced: KNOWN })],
  ['a find, likewise', attack('find', { introduced: KNOWN })],
  ['a get of 40 values of 500 bytes, likewise', attack('get', { introduced: KNOWN })],
  ['a listen with a wrong token, likewise', attack('listen', { introduced: KNOWN })],
  ['addresses taken over by id', attack('takeover', { introduced: KNOWN })],
  ['answers from another address believed', attack('forgery', { introduced: KNOWN })],
  ['tokens of others, or with a bit changed', attack('tokens', { introduced: 1 })],
  ['puts without a token whose values are awaited', attack('halves', { introduced: 1 })],
  ['own address as one liar of four hosts says', attack('votes', votesSetting(), believesLie)],
  ['invented nodes in the table', attack('hearsay', { introduced: 1 }, inTable(1))],
  ['100 nodes that only asked, in the table', attack('silence', { introduced: 1 }, inTable(1))],
]

function votesSetting(): Setting {
  return { introduced: 3, extra: liars }
}

function attack(name: string, setting: Setting, look?: Look): Run {
  return async (subject, context) => {
    await using network = await HostileNetwork.open(subject, context, 1)
    // Awaited here: the network goes at the end of this block.
    return await network.attack(name, setting, look)
  }
}

/** Without the limits of requests per second: to fill a node would take minutes otherwise. */
export async function hoards(subject: Subject, context: Context): Promise<Row[]> {
  return [
    await listens(subject, context),
    await emptyValues(subject, context),
    await crowdedOut(subject, context),
  ]
}

async function listens(subject: Subject, context: Context): Promise<Row> {
  await using network = await HostileNetwork.open(subject, context, 1, true)
  const options = { socks: 16, srcips: 1, seqkeys: 1, count: LISTENS, client: 1, warm: 0 }
  const outstanding = OUTSTANDING_LISTENS
  const { replies } = await load(network, 'listen', { ...options, outstanding })
  return { row: 'listens of one host with 16 ids, of 20,000', kept: Number(replies) }
}

async function emptyValues(subject: Subject, context: Context): Promise<Row> {
  await using network = await HostileNetwork.open(subject, context, 1, true)
  const source = { socks: 1, srcips: 1, client: 1, warm: 0 }
  await load(network, 'put', { ...source, seqkeys: 1, count: EMPTY_VALUES, vsize: 0 })
  const part = await foundPart(network, { ...source, keys: EMPTY_VALUES })
  return { row: 'empty values of one host, of 300,000', kept: part * EMPTY_VALUES }
}

/** Values of many hosts of a /24, each of which stores less than the honest one elsewhere. */
async function crowdedOut(subject: Subject, context: Context): Promise<Row> {
  await using network = await HostileNetwork.open(subject, context, 1, true)
  const common = { client: 1, warm: 0 }
  const honest = { ...common, socks: 1, srcips: 1, from: '198.19.100.1' }
  const puts = { seqkeys: 1, vsize: CROWD_BYTES }
  await load(network, 'put', { ...honest, ...puts, count: HONEST_VALUES })
  const crowd = { ...common, socks: CROWD, srcips: CROWD, first: HONEST_VALUES }
  await load(network, 'put', { ...crowd, ...puts, count: CROWD_VALUES })
  const part = await foundPart(network, { ...honest, keys: HONEST_VALUES })
  const row = 'values of an honest host, of 2,000, after 100,000 of 250 hosts of a /24'
  return { row, kept: part * HONEST_VALUES }
}

/** Part of some gets that found something. Nobody gets values before it has answered a ping. */
async function foundPart(network: HostileNetwork, options: Load): Promise<number> {
  const found = await load(network, 'get', { ...options, warm: 0.02, count: SAMPLE })
  return Number(found['withValues']) / Number(found['replies'])
}

async function load(network: HostileNetwork, kind: string, { outstanding = 64, ...options }: Load) {
  const program = network.load(kind, LOAD_SECONDS, outstanding, options)
  try {
    return await program.expect((LOAD_SECONDS + 30) * 1000)
  } finally {
    await program.stop()
  }
}
