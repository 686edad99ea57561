// SPDX-License-Identifier: MIT
// What the proxy counts about its requests, and the page that shows it with everything else: the
// node, the process, and whatever other parts add. The routes are known when the server starts, so
// that no client can make the page grow: requests of no route are counted as one.

import { Histogram } from './histogram.ts'
import { type MetricsNode, NodeMetrics } from './node-metrics.ts'
import { OpenMetrics } from './open-metrics.ts'
import { ProcessMetrics } from './process-metrics.ts'

/** Adds the families of one part of the server to the page. */
export type MetricSource = (page: OpenMetrics) => void

/** Counts the requests of one route: held by the route, so that a request looks nothing up. */
export class RouteMetrics {
  readonly method: string
  /** The pattern, as `/key/:key`, never the path of a request. */
  readonly path: string
  readonly statuses = new Map<number, number>()
  readonly latency = new Histogram()
  /** Requests that were not answered to their end yet. */
  pending = 0

  constructor(method: string, path: string) {
    this.method = method
    this.path = path
  }

  began(): void {
    this.pending++
  }

  /** Once per request: when its reply ended, whole or cut off. Of a listen: when it was accepted. */
  ended(status: number, seconds: number): void {
    this.pending--
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    this.latency.add(seconds)
  }
}

export class ProxyMetrics {
  readonly #node: NodeMetrics
  readonly #process = new ProcessMetrics()
  readonly #routes: RouteMetrics[] = []
  readonly #sources: MetricSource[] = []
  readonly #version: string

  constructor(node: MetricsNode, version: string) {
    this.#node = new NodeMetrics(node)
    this.#version = version
  }

  /** To be called once per route when the server is set up. */
  route(method: string, path: string): RouteMetrics {
    const route = new RouteMetrics(method, path)
    this.#routes.push(route)
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
    const labelsOf = ({ method, path }: RouteMetrics) => ({ method, route: path })
    page.counter(
      {
        name: 'opendht_proxy_requests',
        help: 'Requests of clients, by the status of the reply; 499: the client left before its end.',
      },
      this.#routes.flatMap((route) =>
        [...route.statuses].map(([status, value]) => ({
          labels: { ...labelsOf(route), status },
          value,
        })),
      ),
    )
    page.gauge(
      { name: 'opendht_proxy_requests_pending', help: 'Requests that are being answered.' },
      this.#routes.map((route) => ({ labels: labelsOf(route), value: route.pending })),
    )
    page.histogram(
      {
        name: 'opendht_proxy_request_seconds',
        help: 'From the head of a request to the end of the reply; of a listen, to its first byte.',
        unit: 'seconds',
      },
      this.#routes
        .filter(({ statuses }) => statuses.size > 0)
        .map((route) => ({ labels: labelsOf(route), histogram: route.latency })),
    )
  }
}
