// SPDX-License-Identifier: MIT
// The counters that the server itself keeps, on the metrics page.

import type { ProxyCounters } from '../proxy-counters.ts'
import { byLabel } from './node-metrics.ts'
import type { MetricSource } from './proxy-metrics.ts'

export function counterSource(counters: Readonly<ProxyCounters>): MetricSource {
  return (page) => {
    page.gauge(
      { name: 'opendht_proxy_connections', help: 'Open connections of clients.' },
      counters.connections,
    )
    page.gauge({ name: 'opendht_proxy_listens', help: 'Open listen streams.' }, counters.listens)
    page.gauge(
      { name: 'opendht_proxy_operations', help: 'Gets and puts under way for clients.' },
      counters.operations,
    )
    page.counter(
      { name: 'opendht_proxy_lines', help: 'Values and changes sent by gets and listens.' },
      counters.lines,
    )
    page.counter(
      {
        name: 'opendht_proxy_refused',
        help: 'Requests and connections refused or ended by a limit; stalled: slow readers.',
      },
      byLabel('reason', counters.refused),
    )
    page.counter(
      { name: 'opendht_proxy_internal_errors', help: 'Our own bugs: always 0, or report it.' },
      counters.internalErrors,
    )
  }
}
