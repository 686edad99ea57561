// SPDX-License-Identifier: MIT
// A process that opens one of our nodes and gets one value: prints a line when its socket is bound
// and one when the value came. Counterpart of cpp/startup.cpp. In plain JavaScript and by itself,
// as programs of users are: to strip types would take longer than all that is measured here.
//   startup port=PORT key=TEXT transport=NAME source=0

const given = new Map(process.argv.slice(2).map((argument) => argument.split('=')))
const folder =
  given.get('source') === '1' ? '../../src/nodejs/entry.ts' : '../../dist/nodejs/entry.js'
const { DhtRunner } = await import(folder)
const node = await DhtRunner.start({
  port: 0,
  bind4: '127.0.0.1',
  bind6: false,
  bootstrap: [`127.0.0.1:${given.get('port')}`],
  transport: given.get('transport') ?? 'auto',
})
process.stdout.write('{"row":"bound"}\n')
const value = await node.getFirst(given.get('key') ?? '')
process.stdout.write(`{"row":"answered","found":${value === undefined ? 0 : 1}}\n`)
process.stdin.on('end', () => process.exit(0)).resume()
