// SPDX-License-Identifier: MIT
// What the engine needs from its host: randomness, signature checks and a place for log lines.
// Time and datagrams are not ports, they are arguments and results (see dht.ts).

import type { Outbox } from './net/outbox.ts'
import type { CertificateKeys } from './value/default-types.ts'

/**
 * Source of random bits. The runner backs it with the operating system, the simulator with a seed.
 */
export interface Random {
  /** Uniform in 0 … 2^32-1. */
  uint32(): number
  /** Fills the whole array. */
  fill(bytes: Uint8Array): void
  /**
   * An independent stream named `label`: a further draw in one component then leaves the numbers of
   * the others alone, which keeps seeds of a simulation comparable.
   */
  fork(label: string): Random
}

/** Checks signatures of values (spec: values, section 3). Synchronous; must not throw. */
export interface SignatureVerifier {
  /** RSASSA-PKCS1-v1_5 with SHA-512; `owner` is a DER SubjectPublicKeyInfo. */
  verify(owner: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** How important a line of the log is. */
export type LogLevel = 'debug' | 'warning' | 'error'

/** Receives log lines. Callers test `enabled` before they build a text. */
export interface Log {
  /** Whether lines of this level are wanted: asked before a line is made. */
  enabled(level: LogLevel): boolean
  /** One line, without its end. */
  write(level: LogLevel, text: string): void
}

/** What an engine needs of its surroundings. */
export interface DhtPorts {
  random: Random
  /** Without one, signed values are refused by the types that need a valid signature. */
  verifier?: SignatureVerifier | undefined
  /** Without it, certificates are refused. */
  certificateKeys?: CertificateKeys | undefined
  log?: Log | undefined
  /** Where datagrams are written; default an own one. Engines driven in turn may share it. */
  outbox?: Outbox | undefined
}
