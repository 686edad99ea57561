// SPDX-License-Identifier: MIT
// test-timeout-s: 400
// Scenarios: networks that are cut in two or silenced, and heal.
// Each file of scenarios takes about as long as the others, so that two run side by side.

import { testScenario } from '../support/scenario-test.ts'
import { outage4, outage6, outageTotal, partition } from './scenarios/splits.ts'

testScenario(partition, { regressions: [1333791683] })
testScenario(outage4)
testScenario(outage6)
testScenario(outageTotal)
