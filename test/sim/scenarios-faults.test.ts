// SPDX-License-Identifier: MIT
// test-timeout-s: 400
// Scenarios: loss, deaths, churn, and a bit of everything.
// Each file of scenarios takes about as long as the others, so that two run side by side.

import { testScenario } from '../support/scenario-test.ts'
import { bootstrapGone, churn, massDeath } from './scenarios/deaths.ts'
import { loss5, loss20 } from './scenarios/loss.ts'
import { rough } from './scenarios/rough.ts'

testScenario(loss5)
testScenario(loss20)
testScenario(massDeath, { regressions: [387289262] })
testScenario(churn, { regressions: [2882276299] })
testScenario(bootstrapGone)
testScenario(rough, { isReplayed: true })
