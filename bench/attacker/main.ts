// SPDX-License-Identifier: MIT
// Runs one attack against a node, from inside the network of the benchmark `hostile`: prints
// `ready`, waits for a line, prints what the attacker got, and stays until its input ends.
//   main.ts ATTACK HOST PORT

import { ATTACKS } from './attacks.ts'

const [name = '', host = '', port] = process.argv.slice(2)
const attack = ATTACKS[name]
if (attack === undefined || !host.startsWith('198.18.')) {
  process.stderr.write(`usage: main.ts ${Object.keys(ATTACKS).join('|')} 198.18.N.N PORT\n`)
  process.exit(2)
}
const row = await attack({ host, port: Number(port) })
process.stdout.write(`${JSON.stringify({ row: name, ...row })}\n`)
process.stdin.on('end', () => process.exit(0)).resume()
