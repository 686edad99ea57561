// SPDX-License-Identifier: MIT
// `npm start`: dhtnode, and without arguments a network of its own to play with.

import { main } from './main.ts'

const DEMO = ['--demo', '16']
const args = process.argv.slice(2)
await main('dhtnode', args.length === 0 ? DEMO : args)
