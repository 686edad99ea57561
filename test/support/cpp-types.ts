// SPDX-License-Identifier: MIT
// What goes into and comes out of the operations of C++ nodes: see cpp-node.ts.

export interface CppNodeOptions {
  readonly network?: number
  /** 0, the default, lets the system choose; both families then get the same port. */
  readonly port?: number
  /**
   * Which families to bind, to loopback unless told otherwise. Both by default: with only one, a
   * C++ node leaves out values in listens, and cannot cancel them.
   */
  readonly families?: 'both' | 'ipv4' | 'ipv6'
  readonly ipv4?: string
  readonly ipv6?: string
  /** 40 hex digits; random by default. */
  readonly nodeId?: string
  readonly bootstrapMode?: boolean
  readonly maintainStorage?: boolean
  /** Requests per second in all and per address; no limits (-1) by default. */
  readonly rateLimit?: readonly [all: number, perPeer: number]
  /**
   * The node announces its certificate. A text is the common name of an RSA-2048 identity to
   * generate; a given one needs the driver of cpp-secure.ts.
   */
  readonly identity?: string | CppIdentity
  /**
   * Value types to register: the way to make values expire early on C++ nodes. With less than
   * 11 seconds a put to several nodes never completes, as it counts as due for renewal at once.
   */
  readonly types?: readonly { id: number; name: string; expiration: number }[]
}

/** Both as PEM, the certificate with the chain of its issuers. */
export interface CppIdentity {
  readonly key: Uint8Array | string
  readonly certificate: Uint8Array | string
}

export interface CppValue {
  readonly id: bigint
  /** Null when the installed version does not let us see it. */
  readonly type: number | null
  readonly userType: string
  readonly data: Uint8Array
  readonly size: number
  /** Revision of a signed value. */
  readonly seq: number | undefined
  /** Key id (hex) of the signer. */
  readonly owner: string | null
  readonly recipient: string | null
  /** How C++ prints it, e.g. `Value[id:1 data(text/plain):"hey"]`. */
  readonly text: string
}

export interface CppRemoteNode {
  readonly id: string
  readonly addr: string
}

export interface CppPutOptions {
  readonly id?: bigint
  readonly type?: number
  readonly userType?: string
  /** Renewed until `cancelPut`. */
  readonly permanent?: boolean
  /** Needs an `identity`. Of a value id that was put before, the next revision. */
  readonly signed?: boolean
  /**
   * Needs an `identity` and the driver of cpp-secure.ts: the key id of who is to read it, whose
   * certificate is looked up, or the public key.
   */
  readonly encryptFor?: string | Uint8Array
}

export interface CppPutResult {
  readonly ok: boolean
  readonly id: bigint
  /** Not known for permanent and signed puts. */
  readonly nodes: readonly CppRemoteNode[]
}

export interface CppGetResult {
  readonly ok: boolean
  readonly values: readonly CppValue[]
  readonly nodes: readonly CppRemoteNode[]
}

export interface CppListenEvent {
  readonly value: CppValue
  readonly expired: boolean
  /** `performance.now()` on arrival. */
  readonly at: number
}

export interface CppFamilyStats {
  readonly good: number
  readonly dubious: number
  readonly cached: number
  readonly incoming: number
}

/** As the driver writes it. */
export interface WireValue {
  id: string
  type: number | null
  user_type: string
  data: string
  size: number
  owner: string | null
  recipient: string | null
  text: string
}

export function toBase64(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString('base64')
}

export function toValue(wire: WireValue): CppValue {
  const revision = / signed \(v(\d+)\)/.exec(wire.text)?.[1]
  return {
    id: BigInt(wire.id),
    type: wire.type,
    userType: wire.user_type,
    data: new Uint8Array(Buffer.from(wire.data, 'base64')),
    size: wire.size,
    seq: revision === undefined ? undefined : Number(revision),
    owner: wire.owner,
    recipient: wire.recipient,
    text: wire.text,
  }
}
