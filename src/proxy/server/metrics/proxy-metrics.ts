// SPDX-License-Identifier: MIT
// What the proxy counts about its requests, and the page that shows it with everything else: the
// node, the process, and whatever other parts add. Requests are counted
// by their route, never by their path, so that no client can make the page grow.

import { Histogram } from './histogram.ts'
import { type MetricsNode, NodeMetrics } from './node-metrics.ts'
import { OpenMetrics } from './open-metrics.ts'
import { ProcessMetrics } from './process-metrics.ts'

/** Adds the families of one part of the server to the page. */
export type MetricSource = (page: OpenMetrics) => void

/** What became of the requests of one route. */
class RouteMetrics {
  readonly labels: { readonly method: string; readonly route: string }
  readonly statuses = new Map<number, number>()
  readonly latency = new Histogram()
  /** Replies that have not ended. */
  pending = 0

  constructor(name: string) {
    const [method = '', route = ''] = name.split(' ')
    this.labels = { method, route }
  }

  ended(status: number, ms: number): void {
    this.pending--
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    this.latency.add(ms / 1000)
  }
}

export class ProxyMetrics {
  readonly #node: NodeMetrics
  readonly #process = new ProcessMetrics()
  readonly #routes = new Map<string, RouteMetrics>()
  readonly #sources: MetricSource[] = []
  readonly #version: string

  constructor(node: MetricsNode, version: string) {
    this.#node = new NodeMetrics(node)
    this.#version = version
  }

  /**
   * A request reached a route, called by method and path as `GET /key/:key`: there must be few of
   * these names, so never the path of a request. Once its reply ended, `ended` is to be called.
   */
  began(name: string): RouteMetrics {
    let route = this.#routes.get(name)
    if (route === undefined) {
      route = new RouteMetrics(name)
      this.#routes.set(name, route)
    }
    route.pending++
    return route
  }

  addSource(source: MetricSource): void {
    this.#sources.push(source)
  }

  async page(): Promise<string> {
    const page = new OpenMetrics()
    page.info(
      { name: 'opendht_build', help: 'What runs here.' },
      { version: this.#version, runtime: `node ${process.versions.node}` },
    )
    await this.#node.write(page)
    this.#writeRoutes(page)
    for (const source of this.#sources) source(page)
    this.#process.write(page)
    return page.end()
  }

  close(): void {
    this.#process.close()
  }

  #writeRoutes(page: OpenMetrics): void {
    const routes = [...this.#routes.values()]
    page.counter(
      {
        name: 'opendht_proxy_requests',
        help: 'Replies that ended, by their status; 499: the client left before its end.',
      },
      routes.flatMap(({ labels, statuses }) =>
        [...statuses].map(([status, value]) => ({ labels: { ...labels, status }, value })),
      ),
    )
    page.gauge(
      {
        name: 'opendht_proxy_requests_pending',
        help: 'Replies that have not ended: listens, and what is being worked on.',
      },
      routes.map(({ labels, pending }) => ({ labels, value: pending })),
    )
    page.histogram(
      {
        name: 'opendht_proxy_request_seconds',
        help: 'From the head of a request to the end of its reply; listens last as they do.',
        unit: 'seconds',
      },
      routes.map(({ labels, latency }) => ({ labels, histogram: latency })),
    )
  }
}
