// SPDX-License-Identifier: MIT
// An index that a whole network fills. `npm run sim -- indexing --nodes 400` has 10,000 entries,
// and takes long.

import { testScenario } from '../support/scenario-test.ts'
import { indexing } from './scenarios/indexing.ts'

testScenario(indexing)
