// SPDX-License-Identifier: MIT
// Puts and gets between implementations once more, over node:dgram.

process.env['OPENDHT_TEST_TRANSPORT'] = 'dgram'
await import('./put-get.test.ts')

export {}
