// SPDX-License-Identifier: MIT
// The checkers that suit every network, whatever goes wrong in it.

import type { Checker } from '../checker.ts'
import { DatagramSizeChecker } from './datagram-sizes.ts'
import { LimitChecker } from './limits.ts'
import { ListenChecker } from './listens.ts'
import { OutcomeChecker } from './outcomes.ts'
import { PutChecker } from './puts.ts'
import { RoutingTableChecker } from './routing-tables.ts'

/** New ones, for `SimNetwork.addCheckers`. */
export function standardCheckers(): Checker[] {
  return [
    new RoutingTableChecker(),
    new DatagramSizeChecker(),
    new OutcomeChecker(),
    new LimitChecker(),
    new PutChecker(),
    new ListenChecker(),
  ]
}
