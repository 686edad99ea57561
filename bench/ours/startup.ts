// SPDX-License-Identifier: MIT
// A process that opens one of our nodes and gets one value: prints a line when its socket is bound
// and one when the value came. Counterpart of cpp/startup.cpp.
//   startup port=PORT key=TEXT

import { number, printRow, text } from '../harness/driver.ts'
import { startNode } from './node.ts'

const node = await startNode([`127.0.0.1:${number('port', 0)}`])
printRow('bound')
const value = await node.getFirst(text('key', ''))
printRow('answered', { found: value === undefined ? 0 : 1 })
process.stdin.on('end', () => process.exit(0)).resume()
