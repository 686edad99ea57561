// SPDX-License-Identifier: MIT
// The requests that were recorded with OpenDHT's proxies, sent to ours: the answers have to mean
// the same. Where ours is to be better, DIFFERENCES says how; docs/proxy.md has them for readers.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  type ProxyNetwork,
  type RawReply,
  rawRequest,
  repliesIn,
  startProxy,
} from '../support/proxy-kit.ts'
import { identityOf } from '../support/secure-kit.ts'
import { loadVectors } from '../support/vectors.ts'

interface Transcript {
  name: string
  request: string
  response: string
  server_closed_connection: boolean
}

interface Difference {
  status: number
  /** The version that differs; both without it. */
  of?: string
}

/** Our status where it is another one, and replies with the same status whose content differs. */
const DIFFERENCES: Record<string, Difference> = {
  // Mistakes of clients are theirs, and are told.
  'post-json-array': { status: 400 },
  'post-json-number': { status: 400 },
  'post-json-string': { status: 400 },
  'post-type-string': { status: 400 },
  'post-bad-owner': { status: 400 },
  'post-bad-base64': { status: 400 },
  'post-base64url': { status: 400 },
  'unsubscribe-no-key': { status: 400 },
  // 2.4.12 stores something else than it was given.
  'post-base64-nopad': { status: 200, of: '2.4.12' },
  'post-pt': { status: 200, of: '2.4.12' },
  // Browsers ask before each of these.
  'options-key': { status: 200 },
  'options-key-listen': { status: 200 },
  'options-root': { status: 200 },
  // What is wrong has a status of its own.
  'custom-LISTEN': { status: 400 },
  'custom-STATS': { status: 400 },
  'custom-SIGN': { status: 400 },
  'custom-ENCRYPT': { status: 400 },
  garbage: { status: 400 },
  'put-method': { status: 405 },
  'delete-method': { status: 405 },
  'head-root': { status: 405 },
  'head-key': { status: 405 },
  'unknown-route': { status: 404 },
  'key-value-route': { status: 404 },
  // Ours has what 2.4.12 has not, and answers a ping.
  'sign-route': { status: 200, of: '2.4.12' },
  'encrypt-route-no-to': { status: 400, of: '2.4.12' },
  'encrypt-route-unknown-to': { status: 400, of: '2.4.12' },
  pingPush: { status: 200 },
}

/** Members of the node info that 2.4.12 does not have yet. */
const NEWER = [
  'local_storage_size',
  'local_storage_values',
  'storage_size',
  'storage_values',
  'port_ipv4',
  'port_ipv6',
  'lastUpdated',
  'serverStartTime',
  'androidPush',
  'iosPush',
  'unifiedPush',
]
/** Only of networks of some size, or of families that the node has. */
const OPTIONAL = ['table_depth', 'network_size_estimation', 'port_ipv6']

for (const version of ['2.4.12', '4.3.1']) {
  suite(`requests recorded with ${version}`, () => {
    const { records } = loadVectors<{ records: Transcript[] }>(`proxy/http-transcripts-${version}`)
    /** Ids that the recorded server drew, and ours. */
    const ids = new Map<string, string>()
    let network: ProxyNetwork

    before(async () => {
      // A gateway that is never there: nothing is put that anybody is to be notified of.
      const push = { gateway: '127.0.0.1:9', bundleId: 'net.example.bundle' }
      network = await startProxy({ push }, { identity: await identityOf('proxy') })
    })

    after(() => network.close())

    for (const record of records) {
      test(record.name, async () => {
        const recorded = repliesIn(record.response)
        const count = Math.max(1, recorded.length)
        const replies = await rawRequest(network.proxy.port, record.request, count)
        const difference = DIFFERENCES[record.name]
        if (difference !== undefined && (difference.of ?? version) === version) {
          const statuses = replies.map(({ status }) => status)
          assert.deepEqual(statuses, [difference.status])
          return
        }
        assert.equal(replies.length, recorded.length)
        for (const [i, ours] of replies.entries()) compare(ours, recorded[i]!, ids)
      })
    }
  })
}

function compare(ours: RawReply, theirs: RawReply, ids: Map<string, string>): void {
  assert.equal(ours.status, theirs.status)
  assert.equal(ours.headers['access-control-allow-origin'], '*')
  assert.equal(ours.headers['content-type'], 'application/json')
  if (ours.status !== 200) {
    const { err } = JSON.parse(ours.body)
    assert.ok(typeof err === 'string' && err !== '')
    return
  }
  // HTTP/1.0 knows no chunks; their server sends them all the same.
  if (theirs.headers['connection'] !== 'close') assert.equal(ours.isChunked, theirs.isChunked)
  if (theirs.headers['access-control-allow-methods'] !== undefined) return comparePreflight(ours)
  if (/"node_id"/.test(theirs.body))
    return compareInfo(JSON.parse(ours.body), JSON.parse(theirs.body))
  compareValues(ours.body, theirs.body, ids)
}

function comparePreflight({ headers, body }: RawReply): void {
  assert.equal(body, '')
  for (const method of ['GET', 'POST', 'OPTIONS']) {
    assert.ok(headers['access-control-allow-methods']?.includes(method), method)
  }
  assert.ok(headers['access-control-allow-headers']?.includes('content-type'))
  assert.ok(Number(headers['access-control-max-age']) > 0)
}

/** The same members of the same types; the values are of another network. */
function compareInfo(ours: Record<string, unknown>, theirs: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(theirs)) {
    if (OPTIONAL.includes(name)) continue
    assert.equal(typeof ours[name], typeof value, name)
    if (typeof value === 'object') {
      compareInfo(ours[name] as Record<string, unknown>, value as Record<string, unknown>)
    }
  }
  const added = Object.keys(ours).filter((name) => !(name in theirs))
  assert.deepEqual(
    added.filter((name) => !NEWER.includes(name) && !OPTIONAL.includes(name)),
    [],
  )
}

/** Byte for byte, but for the order of lines, for ids that a server drew, and for our keys. */
function compareValues(ours: string, theirs: string, ids: Map<string, string>): void {
  const ourLines = ours.split('\n')
  const theirLines = theirs.split('\n')
  if (theirLines.length === 2 && ourLines.length === 2) learnId(ourLines[0]!, theirLines[0]!, ids)
  for (const line of theirLines) {
    const { owner } = line === '' ? {} : JSON.parse(line)
    if (owner !== undefined) continue
    const [, id] = /"id":"(\d+)"/.exec(line) ?? []
    // Drawn for what we refuse.
    if (id !== undefined && id.length > 5 && !ids.has(id) && !ourLines.includes(line)) continue
    const expected = id === undefined ? line : line.replace(id, ids.get(id) ?? id)
    if (REFUSED_IDS.includes(id ?? '')) continue
    assert.ok(ourLines.includes(expected), `${expected} is missing in ${ours}`)
  }
}

/** Of the requests whose content ours refuses, or 2.4.12 stores wrongly. */
const REFUSED_IDS = ['78', '80', '81', '90']

function learnId(ours: string, theirs: string, ids: Map<string, string>): void {
  const [, ourId] = /"id":"(\d+)"/.exec(ours) ?? []
  const [, theirId] = /"id":"(\d+)"/.exec(theirs) ?? []
  if (ourId !== undefined && theirId !== undefined) ids.set(theirId, ourId)
}
