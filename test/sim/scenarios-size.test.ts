// SPDX-License-Identifier: MIT
// test-timeout-s: 400
// Scenarios: a large network, and many nodes that listen to one key.
// Each file of scenarios takes about as long as the others, so that two run side by side.

import { testScenario } from '../support/scenario-test.ts'
import { flashCrowd } from './scenarios/loads.ts'
import { steady } from './scenarios/steady.ts'

testScenario(steady, { randomNodes: 300 })
testScenario(flashCrowd, { randomNodes: 440 })
