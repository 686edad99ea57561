// SPDX-License-Identifier: MIT
// The nodes behind the proxies under test, the same ones whose proxy it is: a few of ours, without
// limits. Prints the port of one of them, ends with its input.
//   proxy-network nodes=7

import { number, printRow } from '../harness/driver.ts'
import { startNode, waitUntilJoined } from './node.ts'

const first = await startNode()
const bootstrap = [`127.0.0.1:${first.port4}`]
const others = Array.from({ length: number('nodes', 7) - 1 }, () => startNode(bootstrap))
await waitUntilJoined([first, ...(await Promise.all(others))])
printRow('ready', { port: first.port4! })

process.stdin.resume().once('end', () => process.exit(0))
