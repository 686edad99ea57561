// SPDX-License-Identifier: MIT
// Our peer discovery in a process of its own, for tests in network namespaces. Its first argument
// is JSON: services to publish by name, and names to look for. Writes a JSON line per announcement
// found; ends with stdin.

import type { MsgpackValue } from '../../src/discovery/msgpack-value.ts'
import { PeerDiscovery } from '../../src/nodejs/discovery/peer-discovery.ts'

interface Plan {
  readonly publish?: Readonly<Record<string, MsgpackValue>>
  readonly discover?: readonly string[]
}

const plan = JSON.parse(process.argv[2]!) as Plan
const discovery = await PeerDiscovery.start()

async function report(service: string): Promise<void> {
  for await (const { payload, from, zone } of discovery.discover(service)) {
    process.stdout.write(`${JSON.stringify({ service, payload, from: from.host, zone })}\n`)
  }
}

for (const [name, payload] of Object.entries(plan.publish ?? {})) discovery.publish(name, payload)
for (const service of plan.discover ?? []) void report(service)
process.stdin.resume().on('end', () => void discovery.close())
