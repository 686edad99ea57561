// SPDX-License-Identifier: MIT
// test-timeout-s: 400
// Scenarios: all at once, slow lines, slow readers.
// Each file of scenarios takes about as long as the others, so that two run side by side.

import { testScenario } from '../support/scenario-test.ts'
import { massRestart } from './scenarios/loads.ts'
import { slowConsumers, slowestConsumers, slowUplinks, slowUplinksLarge } from './scenarios/slow.ts'

testScenario(massRestart)
testScenario(slowUplinks)
testScenario(slowUplinksLarge, { regressions: [2660856476, 182, 234] })
testScenario(slowConsumers)
testScenario(slowestConsumers, { regressions: [3816278857, 3041725023] })
