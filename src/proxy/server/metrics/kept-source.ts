// SPDX-License-Identifier: MIT
// Counters of what is kept for clients that are not connected, on the metrics page.

import type { KeptState } from '../push/kept-state.ts'
import { byLabel } from './node-metrics.ts'
import type { OpenMetrics } from './open-metrics.ts'
import type { MetricSource } from './proxy-metrics.ts'

export function keptSource(kept: KeptState): MetricSource {
  return (page) => {
    writeRecords(page, kept)
    writePushes(page, kept)
    const { counters } = kept.store
    page.counter(
      { name: 'opendht_proxy_store_changes', help: 'Changes of records that were stored.' },
      byLabel('change', { written: counters.writes, removed: counters.removals }),
    )
    page.counter(
      { name: 'opendht_proxy_store_failures', help: 'Changes that the store could not take.' },
      counters.failures,
    )
    page.counter(
      { name: 'opendht_proxy_store_damaged', help: 'Stored records that could not be read.' },
      counters.damaged,
    )
  }
}

function writeRecords(page: OpenMetrics, kept: KeptState): void {
  const { announcements, listens, keeper, refusals } = kept
  const { expiredPuts, expiredSubscriptions, renewalNotices } = keeper.counters
  page.gauge(
    { name: 'opendht_proxy_permanent_puts', help: 'Values that this proxy keeps announced.' },
    announcements.counts.values,
  )
  page.gauge(
    { name: 'opendht_proxy_subscriptions', help: 'Subscriptions that this proxy looks after.' },
    listens.counts.subscriptions,
  )
  page.gauge(
    { name: 'opendht_proxy_subscribed_keys', help: 'Keys that are listened to for them.' },
    listens.counts.keys,
  )
  page.counter(
    { name: 'opendht_proxy_kept_expired', help: 'Ended since their client did not come back.' },
    byLabel('kind', { put: expiredPuts, subscription: expiredSubscriptions }),
  )
  page.counter(
    { name: 'opendht_proxy_kept_refused', help: 'Refused since there was no room.' },
    byLabel('kind', { put: refusals.puts, subscription: refusals.subscriptions }),
  )
  page.counter(
    { name: 'opendht_proxy_kept_failures', help: 'Announcements and listens that failed.' },
    byLabel('kind', { put: announcements.counters.failed, listen: listens.counters.failures }),
  )
  page.counter(
    { name: 'opendht_proxy_renewal_notices', help: 'Clients told that their time is running out.' },
    renewalNotices,
  )
}

function writePushes(page: OpenMetrics, { push }: KeptState): void {
  const { sent, refused, abandoned, overflowed, merged } = push.counters
  page.counter(
    { name: 'opendht_proxy_notifications', help: 'Notifications to be sent.' },
    Object.entries(push.counts).flatMap(([platform, { high, normal }]) => [
      { labels: { platform, priority: 'high' }, value: high },
      { labels: { platform, priority: 'normal' }, value: normal },
    ]),
  )
  page.counter(
    { name: 'opendht_proxy_push_results', help: 'What became of notifications.' },
    byLabel('result', { sent, refused, abandoned, overflowed, merged }),
  )
  page.counter(
    { name: 'opendht_proxy_push_requests', help: 'Requests to the gateway and to endpoints.' },
    push.counters.requests,
  )
  page.counter(
    { name: 'opendht_proxy_push_retries', help: 'Those of them to be sent again.' },
    push.counters.retries,
  )
  page.counter(
    { name: 'opendht_proxy_push_dead_tokens', help: 'Devices that are gone.' },
    push.counters.deadTokens,
  )
  page.gauge({ name: 'opendht_proxy_push_waiting', help: 'Notifications that wait.' }, push.waiting)
}
