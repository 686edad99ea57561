// SPDX-License-Identifier: MIT
// Public face of the simulator, `opendht/sim`: a whole network in one process and virtual time, for
// tests of applications and of the engine. See docs/simulator.md.

export type { Checker } from './checker.ts'
export type { Churn, ChurnOptions } from './churn.ts'
export type { CutOptions, Fault, NodeSet } from './faults.ts'
export type { Bandwidth, DelayMs, Link, LinkOptions } from './link.ts'
export type { NatKind, NatOptions } from './nat.ts'
export type { ClockOptions } from './node-clock.ts'
export type { NodeChange, OperationStart, SimObserver } from './observer.ts'
export type { TraceSink } from './recorder.ts'
export { SimError } from './sim-error.ts'
export { type SimNat, SimNetwork, type SimStats } from './sim-network.ts'
export { type RestartOptions, SimNode } from './sim-node.ts'
export type { SimNetworkOptions, SimNodeOptions, UntilOptions } from './sim-options.ts'
export { SimRandom } from './sim-random.ts'
export type { DropReason, OperationKind, TraceRecord } from './trace.ts'
