// SPDX-License-Identifier: MIT
// Listening across implementations once more, over node:dgram where the platform has something better.

process.env['OPENDHT_TEST_TRANSPORT'] = 'dgram'
await import('./listen.test.ts')

export {}
