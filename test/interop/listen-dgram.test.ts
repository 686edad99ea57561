// SPDX-License-Identifier: MIT
// Listening across implementations once more, over node:dgram.

process.env['OPENDHT_TEST_TRANSPORT'] = 'dgram'
await import('./listen.test.ts')

export {}
