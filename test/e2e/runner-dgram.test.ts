// SPDX-License-Identifier: MIT
// Nodes with real sockets once more, over node:dgram where the platform has something better.

process.env['OPENDHT_TEST_TRANSPORT'] = 'dgram'
await import('./runner.test.ts')

export {}
