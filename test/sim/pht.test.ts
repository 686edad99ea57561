// SPDX-License-Identifier: MIT
// An index that a whole network fills. `npm run sim -- indexing-full` has 10,000 entries, and takes
// minutes.

import { testScenario } from '../support/scenario-test.ts'
import { indexing } from './scenarios/indexing.ts'

testScenario(indexing)
