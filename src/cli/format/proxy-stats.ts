// SPDX-License-Identifier: MIT
// What is said about REST proxies: when one starts, and by `ll`.

import type { ProxySummary } from '../../proxy/server/proxy-server.ts'

/** Where it is, and its dashboard. */
export function formatProxyUrls({
  url,
  dashboardUrl,
}: Pick<ProxySummary, 'url' | 'dashboardUrl'>): string {
  const line = `REST proxy at ${url}`
  return dashboardUrl === undefined ? line : `${line}\nDashboard at ${dashboardUrl}`
}

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
