// SPDX-License-Identifier: MIT
// The smallest OpenTelemetry provider: keeps spans in memory, reads the `traceparent` of requests,
// and knows the active span of asynchronous code.

import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  trace,
} from '@opentelemetry/api'

export interface RecordedSpan {
  readonly name: string
  readonly kind: number | undefined
  readonly attributes: Attributes
  readonly traceId: string
  readonly id: string
  readonly parent: string | undefined
  status: SpanStatus | undefined
  isEnded: boolean
}

export class SpanRecorder implements Disposable {
  readonly spans: RecordedSpan[] = []

  constructor() {
    const storage = new AsyncLocalStorage<Context>()
    const manager = {
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (it: Context, run: (...args: never[]) => unknown) =>
        storage.run(it, run as () => unknown),
      bind: (_: Context, target: unknown) => target,
      enable: () => manager,
      disable: () => manager,
    }
    const startSpan = (name: string, options: SpanOptions = {}, parent = context.active()) =>
      this.#start(name, options, parent)
    context.setGlobalContextManager(manager as never)
    propagation.setGlobalPropagator({ inject: () => {}, fields: () => [], extract } as never)
    trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) } as never)
  }

  [Symbol.dispose](): void {
    trace.disable()
    context.disable()
    propagation.disable()
  }

  #start(name: string, { kind, attributes = {} }: SpanOptions, parent: Context): Span {
    const above = trace.getSpanContext(parent)
    const span: RecordedSpan = {
      name,
      kind,
      attributes: { ...attributes },
      traceId: above?.traceId ?? hex(32, this.spans.length + 1),
      id: hex(16, this.spans.length + 1),
      parent: above?.spanId,
      status: undefined,
      isEnded: false,
    }
    this.spans.push(span)
    const own = { traceId: span.traceId, spanId: span.id, traceFlags: 1 }
    return {
      spanContext: () => own,
      setAttribute: (key: string, value: string) => {
        span.attributes[key] = value
      },
      setStatus: (status: SpanStatus) => {
        span.status = status
      },
      end: () => {
        span.isEnded = true
      },
    } as unknown as Span
  }
}

function extract(into: Context, headers: Readonly<Record<string, string>>): Context {
  const [, traceId, spanId] = headers['traceparent']?.split('-') ?? []
  if (traceId === undefined || spanId === undefined) return into
  const remote: SpanContext = { traceId, spanId, traceFlags: 1, isRemote: true }
  return trace.setSpanContext(into, remote)
}

function hex(digits: number, n: number): string {
  return n.toString(16).padStart(digits, '0')
}
