// SPDX-License-Identifier: MIT
// Public face of the proxy client, `opendht/proxy/client`.

export type { JsonOutput } from '../protocol/json-text.ts'
