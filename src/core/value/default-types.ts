// SPDX-License-Identifier: MIT
// The value types that every node of the network knows (spec values, section 6).

import { DEFAULT_LIFETIME_MS } from '../constants.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { SignatureVerifier } from '../ports.ts'
import { acceptBySize, denyEdit, secureType } from './policies.ts'
import {
  readMessageService,
  readServiceAddress,
  serviceAddressData,
  unwrapCertificate,
} from './service-data.ts'
import { Value } from './value.ts'
import type { EditPolicy, StorePolicy, ValueType } from './value-type.ts'

const MINUTE_MS = 60_000
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS

/** Ids of the default types. */
export const TypeId = {
  UserData: 0,
  DhtMessage: 1,
  IpService: 2,
  ImMessage: 3,
  TrustRequest: 4,
  IceCandidates: 5,
  Certificate: 8,
} as const

/**
 * The storage keys at which a certificate, PEM or DER, may be published: those of its public key's
 * ids. Undefined when the bytes are no certificate. Must not throw.
 */
export type CertificateKeys = (certificate: Uint8Array) => readonly InfoHash[] | undefined

export interface DefaultTypesOptions {
  /** Without one, signed values are refused. */
  verifier?: SignatureVerifier | undefined
  /** Without it, certificates are refused. */
  certificateKeys?: CertificateKeys | undefined
}

export function defaultTypes(options: DefaultTypesOptions = {}): ValueType[] {
  const { verifier, certificateKeys } = options
  const plain = (id: number, name: string, lifetimeMs: number): ValueType => ({
    id,
    name,
    lifetimeMs,
    storePolicy: acceptBySize,
    editPolicy: denyEdit,
  })
  return [
    secureType(plain(TypeId.UserData, 'User Data', DEFAULT_LIFETIME_MS), verifier),
    secureType(
      { ...plain(TypeId.DhtMessage, 'DHT message', 5 * MINUTE_MS), storePolicy: acceptMessage },
      verifier,
    ),
    {
      ...plain(TypeId.IpService, 'Internet Service Announcement', 15 * MINUTE_MS),
      storePolicy: announceSender,
    },
    secureType(plain(TypeId.ImMessage, 'IM message', 5 * MINUTE_MS), verifier),
    secureType(plain(TypeId.TrustRequest, 'Certificate trust request', WEEK_MS), verifier),
    secureType(plain(TypeId.IceCandidates, 'ICE candidates', MINUTE_MS), verifier),
    {
      ...plain(TypeId.Certificate, 'Certificate', WEEK_MS),
      ...certificatePolicies(certificateKeys),
    },
  ]
}

/** A message without a service is for nobody. One that does not parse is kept all the same. */
const acceptMessage: StorePolicy = (key, value, from) =>
  readMessageService(value.data) === '' ? undefined : acceptBySize(key, value, from)

/**
 * Nobody announces other people's addresses: the value that is stored says where the announcement
 * came from. Of the rest, only the port of the service is kept.
 */
const announceSender: StorePolicy = (_key, value, from) => {
  const announced = readServiceAddress(value.data)
  if (announced === undefined || announced.port === 0) return undefined
  return new Value({
    id: value.id,
    type: value.type,
    data: serviceAddressData(from.withPort(announced.port)),
  })
}

function certificatePolicies(certificateKeys: CertificateKeys | undefined): {
  storePolicy: StorePolicy
  editPolicy: EditPolicy
} {
  const keysOf = (value: Value): readonly InfoHash[] =>
    certificateKeys?.(unwrapCertificate(value.data)) ?? []
  return {
    // The key proves that the certificate is about the right public key, whoever signed it.
    storePolicy: (key, value) => (includes(keysOf(value), key) ? value : undefined),
    editPolicy: (key, current, next) => {
      const keys = keysOf(next)
      return includes(keys, key) && keysOf(current).every((other) => includes(keys, other))
    },
  }
}

function includes(keys: readonly InfoHash[], key: InfoHash): boolean {
  return keys.some((other) => other.equals(key))
}
