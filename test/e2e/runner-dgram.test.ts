// SPDX-License-Identifier: MIT
// Nodes with real sockets once more, over node:dgram.

process.env['OPENDHT_TEST_TRANSPORT'] = 'dgram'
await import('./runner.test.ts')

export {}
