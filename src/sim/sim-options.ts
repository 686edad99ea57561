// SPDX-License-Identifier: MIT
// What a user says about a simulated network and its nodes.

import type { DhtConfig } from '../core/config.ts'
import type { SocketAddress } from '../core/id/socket-address.ts'
import type { DhtPorts } from '../core/ports.ts'
import type { Bandwidth, LinkOptions } from './link.ts'
import type { NatKind, NatOptions } from './nat.ts'
import type { ClockOptions } from './node-clock.ts'
import type { TraceSink } from './recorder.ts'
import type { SimNat } from './sim-network.ts'
import type { SimNode } from './sim-node.ts'

/** What a simulated network is like. */
export interface SimNetworkOptions {
  /**
   * Decides everything that happens, 0 … 2^53-1. Default: the environment's OPENDHT_SIM_SEED, else
   * a random one; errors name it.
   */
  seed?: number | undefined
  /** What lies between two nodes unless a more specific link does. */
  link?: LinkOptions | undefined
  /** For nodes that do not say otherwise. Default no limit. */
  uplink?: Bandwidth | undefined
  downlink?: Bandwidth | undefined
  /** Gets a record of everything that happens. May be changed later: `network.onTrace`. */
  onTrace?: TraceSink | undefined
  /** Command that runs this simulation again, for error texts. Default what started Node.js. */
  command?: string | undefined
  /** Wall time at virtual time 0, ms since the epoch. Default some day in November 2023. */
  wallOffsetMs?: number | undefined
  /** Datagrams under way at which the simulation gives up. Default 2,000,000. */
  maxPackets?: number | undefined
}

/** The configuration of the engine, and what surrounds it. */
export interface SimNodeOptions extends DhtConfig {
  /** One for each family. Default public ones, each in a /24 or /48 of its own, port 4222. */
  addresses?: readonly SocketAddress[] | undefined
  /** Where it enters the network. Default the first node; an empty list for nowhere. */
  bootstrap?: readonly (SimNode | SocketAddress)[] | undefined
  /** Name of a region that `setLink` knows. */
  region?: string | undefined
  /** A NAT of its own of this kind, or one that it shares with others. For IPv4. */
  nat?: NatKind | NatOptions | SimNat | undefined
  /** Of everything that it sends and receives. */
  link?: LinkOptions | undefined
  uplink?: Bandwidth | undefined
  downlink?: Bandwidth | undefined
  clock?: ClockOptions | undefined
  /** Signature checks, certificates, log lines: see DhtPorts. */
  ports?: Partial<Omit<DhtPorts, 'random' | 'outbox'>> | undefined
  /** Starts after so much time; default at once. */
  startAfterMs?: number | undefined
}

/** How long is waited, in virtual time. */
export interface UntilOptions {
  /** Virtual time after which it fails; default 60 s. */
  timeoutMs?: number | undefined
  /** How often a condition is asked; default every 10 ms of virtual time. */
  everyMs?: number | undefined
  /** Completes "waited in vain for …". */
  what?: string | undefined
}
