// SPDX-License-Identifier: MIT
// Tracing through OpenTelemetry's API, which does nothing until the application registers a
// provider. A request continues the trace that its client began, if its headers name one.

import type { IncomingMessage } from 'node:http'
import type * as Api from '@opentelemetry/api'
import type { RequestSpan, Tracing } from './tracing.ts'

type OpenTelemetryApi = typeof Api

const NAME = 'opendht'
/** How soon a provider that is registered late is noticed. */
const LOOK_AGAIN_MS = 1000

export class OpenTelemetry implements Tracing {
  readonly #api: OpenTelemetryApi
  readonly #tracer: Api.Tracer
  #quietUntil = 0

  constructor(api: OpenTelemetryApi, version: string) {
    this.#api = api
    this.#tracer = api.trace.getTracer(NAME, version)
  }

  request(route: string, request: IncomingMessage): RequestSpan | undefined {
    const now = performance.now()
    if (now < this.#quietUntil) return undefined
    const { context, isSpanContextValid, propagation, trace, SpanKind } = this.#api
    const [method = '', path = ''] = route.split(' ')
    // Not before: Node.js reads headers when it is first asked for them.
    const parent = propagation.extract(context.active(), request.headers)
    const attributes = { 'http.request.method': method, 'http.route': path }
    const options = { kind: SpanKind.SERVER, attributes }
    const span = this.#tracer.startSpan(route, options, parent)
    // Without a provider, nothing that is said of the request would reach anybody.
    if (!isSpanContextValid(span.spanContext())) {
      this.#quietUntil = now + LOOK_AGAIN_MS
      return undefined
    }
    return new OpenRequest(this.#api, this.#tracer, span, trace.setSpan(parent, span))
  }
}

class OpenRequest implements RequestSpan {
  readonly #api: OpenTelemetryApi
  readonly #tracer: Api.Tracer
  readonly #span: Api.Span
  readonly #context: Api.Context

  constructor(api: OpenTelemetryApi, tracer: Api.Tracer, span: Api.Span, context: Api.Context) {
    this.#api = api
    this.#tracer = tracer
    this.#span = span
    this.#context = context
  }

  async operation<T>(name: string, action: () => Promise<T>): Promise<T> {
    const { context, trace, SpanStatusCode } = this.#api
    const span = this.#tracer.startSpan(`dht ${name}`, {}, this.#context)
    try {
      return await context.with(trace.setSpan(this.#context, span), action)
    } catch (error) {
      const message = error instanceof Error ? error.message : `${error}`
      span.setStatus({ code: SpanStatusCode.ERROR, message })
      throw error
    } finally {
      span.end()
    }
  }

  end(status: number): void {
    this.#span.setAttribute('http.response.status_code', status)
    // As the conventions have it: what a client does wrong is no error of the server.
    if (status >= 500) this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR })
    this.#span.end()
  }
}
