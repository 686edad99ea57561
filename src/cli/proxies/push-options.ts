// SPDX-License-Identifier: MIT
// What a command line says about what proxies keep for clients: push notifications, and a store
// that several proxies share.

import type { FlagTable } from '../flags.ts'
import { type Given, UsageError } from '../given.ts'
import { isHostAndPort } from '../options.ts'

/** Beside `--pushserver` and `--bundleid`. */
export const PUSH_FLAGS = {
  'push-format': {
    argument: 'VERSION',
    choices: ['4.3', '2.4'],
    help: [
      'form of notifications for the gateway: 4.3, the',
      'default, or 2.4 for gateways of its time',
    ],
  },
  'push-contact': {
    argument: 'URL',
    help: ['mailto: or https: URL where push services of', 'browsers can reach you'],
  },
  'push-local': {
    help: ['also notify endpoints in local networks, and', 'without TLS'],
  },
  redis: {
    argument: 'URL',
    help: [
      'keep subscriptions and permanent puts in this',
      'Redis or Valkey server, shared by several proxies',
    ],
  },
} as const satisfies FlagTable

export interface PushFlags {
  /** `HOST:PORT` or a port of this host. */
  readonly gateway: string | undefined
  readonly bundleId: string | undefined
  readonly format: '4.3' | '2.4' | undefined
  readonly contact: string | undefined
  readonly allowLocalEndpoints: boolean
}

/** Throws UsageError. */
export function toPushFlags(given: Given): PushFlags {
  return {
    gateway: checkedGateway(given.last('pushserver')),
    bundleId: given.last('bundleid'),
    format: given.last('push-format') as PushFlags['format'],
    contact: checkedContact(given.last('push-contact')),
    allowLocalEndpoints: given.has('push-local'),
  }
}

/** The URL of a store; throws UsageError without showing it, since it may have a password. */
export function toRedisUrl(given: Given): string | undefined {
  const url = given.last('redis')
  if (url === undefined || (URL.canParse(url) && /^rediss?:\/\/[^/]/.test(url))) return url
  throw new UsageError('Invalid argument of --redis (redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER])')
}

function checkedGateway(text: string | undefined): string | undefined {
  if (text === undefined || isHostAndPort(text.replace(/^https?:\/\//, ''))) return text
  throw new UsageError(`Invalid push server: ${text} (HOST:PORT)`)
}

function checkedContact(text: string | undefined): string | undefined {
  if (text === undefined || /^(?:mailto:|https:\/\/)./.test(text)) return text
  throw new UsageError(`Invalid contact: ${text} (a mailto: or https: URL)`)
}
