// SPDX-License-Identifier: MIT
// test-timeout-s: 400
// Scenarios: somebody means harm.

import { testScenario } from '../support/scenario-test.ts'
import { floodOfGets, floodOfJunk } from './scenarios/floods.ts'
import { sybils, sybilsSilent } from './scenarios/sybils.ts'

testScenario(sybils)
testScenario(sybilsSilent)
testScenario(floodOfJunk)
testScenario(floodOfGets)
