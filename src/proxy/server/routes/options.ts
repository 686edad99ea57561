// SPDX-License-Identifier: MIT
// What browsers ask before they let a page of another origin use the proxy.

import { sendEmpty } from '../reply.ts'
import type { Route, RouteContext } from '../route.ts'

const PATHS = [
  '/',
  '/node/info',
  '/node/stats',
  '/:key',
  '/key/:key',
  '/key/:key/listen',
  '/key/:key/sign',
  '/key/:key/encrypt',
  '/node/pingPush',
  '/push/vapid',
  '/healthz',
  '/readyz',
]

export const OPTIONS_ROUTES: readonly Route[] = [
  ...PATHS.map((path) => ({ method: 'OPTIONS', path, handle: sendOptions })),
  { method: 'GET', path: '/key/:key/options', handle: sendOptions },
]

function sendOptions(context: RouteContext): void {
  sendEmpty(context, HEADERS)
}

const HEADERS = [
  'Access-Control-Allow-Methods',
  'OPTIONS, GET, POST, SUBSCRIBE, UNSUBSCRIBE',
  'Access-Control-Allow-Headers',
  'content-type, last-event-id',
  'Access-Control-Max-Age',
  '86400',
]
