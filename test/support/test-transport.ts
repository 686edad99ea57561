// SPDX-License-Identifier: MIT
// Which transport the nodes of a test use: the one that they choose by themselves, unless the file
// that loads the tests set the variable before.

import type { TransportName } from '../../src/nodejs/transport-choice.ts'

export const TEST_TRANSPORT = (process.env['OPENDHT_TEST_TRANSPORT'] ?? 'auto') as TransportName
