// SPDX-License-Identifier: MIT
// Every scenario by its name.

import { bootstrapGone, churn, massDeath } from './deaths.ts'
import { floodOfGets, floodOfJunk } from './floods.ts'
import { indexing, indexingFull } from './indexing.ts'
import { flashCrowd, massRestart, massRestartFull } from './loads.ts'
import { loss5, loss20 } from './loss.ts'
import { rough } from './rough.ts'
import type { Scenario } from './scenario.ts'
import { slowConsumers, slowestConsumers, slowUplinks, slowUplinksLarge } from './slow.ts'
import { outage4, outage6, outageTotal, partition } from './splits.ts'
import { steady } from './steady.ts'
import { sybils, sybilsFull, sybilsHidden, sybilsSilent } from './sybils.ts'

export const SCENARIOS: readonly Scenario[] = [
  steady,
  loss5,
  loss20,
  massDeath,
  churn,
  partition,
  outage4,
  outage6,
  outageTotal,
  bootstrapGone,
  massRestart,
  massRestartFull,
  flashCrowd,
  slowUplinks,
  slowUplinksLarge,
  slowConsumers,
  slowestConsumers,
  rough,
  sybils,
  sybilsFull,
  sybilsSilent,
  sybilsHidden,
  floodOfJunk,
  floodOfGets,
  indexing,
  indexingFull,
]
