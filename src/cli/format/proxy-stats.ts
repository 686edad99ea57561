// SPDX-License-Identifier: MIT
// What `ll` says about REST proxies.

import type { ProxySummary } from '../../proxy/server/proxy-server.ts'

/** A block for each proxy, with a line break at its end; nothing without any. */
export function formatProxies(proxies: readonly ProxySummary[]): string {
  return proxies
    .map(
      ({ port, listens, puts, pushListeners, requestsPerSecond }) =>
        `\nStats for proxy server on port ${port}\n` +
        `  Listens: ${listens}, Puts: ${puts}, PushListeners: ${pushListeners}\n` +
        `Requests: ${requestsPerSecond} per second.\n`,
    )
    .join('')
}

export function proxyRecords(proxies: readonly ProxySummary[]): {
  readonly proxies?: readonly ProxySummary[]
} {
  return proxies.length === 0 ? {} : { proxies }
}
