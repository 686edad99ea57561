// SPDX-License-Identifier: MIT
// For those who run a proxy: is it alive, can it do its work, what does it count. Answered however
// much else is under way.

import { toJsonText } from '../../protocol/json-text.ts'
import { OPEN_METRICS_TYPE } from '../metrics/open-metrics.ts'
import { sendJson, sendText } from '../reply.ts'
import type { Route, RouteContext } from '../route.ts'

export const OPERATION_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/healthz', handle: sendHealth },
  { method: 'GET', path: '/readyz', handle: sendReadiness },
  // Balancers may ask like this: Node.js leaves the body out.
  { method: 'HEAD', path: '/healthz', handle: sendHealth },
  { method: 'HEAD', path: '/readyz', handle: sendReadiness },
  { method: 'GET', path: '/metrics', handle: sendMetrics },
]

/** An answer at all is what is asked for. */
function sendHealth(context: RouteContext): void {
  sendJson(context, '{"status":"ok"}\n')
}

function sendReadiness(context: RouteContext): void {
  const report = context.services.readiness.report()
  sendJson(context, `${toJsonText({ ...report })}\n`, report.ready ? 200 : 503)
}

async function sendMetrics(context: RouteContext): Promise<void> {
  const page = await context.services.metrics.page()
  sendText(context, { type: OPEN_METRICS_TYPE, text: page })
}
