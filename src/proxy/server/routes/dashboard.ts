// SPDX-License-Identifier: MIT
// The dashboard: a page that shows the node and lets people put, get and listen. Everything it
// needs comes from here, and its content security policy allows nothing else.

import type { Log } from '../../../core/ports.ts'
import { HttpError } from '../http-error.ts'
import { Access } from '../inspect/access.ts'
import { LogRing } from '../inspect/log-ring.ts'
import { PAGE_FILES, type PageFileName, pageFile } from '../inspect/page-files.ts'
import type { Route, RouteContext } from '../route.ts'
import { adminRoutes } from './admin.ts'
import { inspectRoutes } from './inspect.ts'

/** Who may look into the node, and what there is to see. */
export interface DashboardOptions {
  /**
   * Lets people on other hosts look into the node, and whoever has it act on the node; at least 16
   * characters. Without one only people on this host may look, and nobody may act.
   */
  token?: string | undefined
  /** The log of the node, if its lines are to be shown. */
  log?: LogRing | undefined
}

/**
 * The routes of a proxy and those of its dashboard, which browsers get also at the root. Throws
 * RangeError for a token that could be guessed.
 */
export function withDashboard(
  routes: readonly Route[],
  options: DashboardOptions,
  log?: Log,
): Route[] {
  const proxyRoutes = routes.map((route) => (isRoot(route) ? shownToBrowsers(route) : route))
  return [...proxyRoutes, ...dashboardRoutes(options, log)]
}

function isRoot({ method, path }: Route): boolean {
  return method === 'GET' && path === '/'
}

/** Clients of the proxy get what they always got there: they do not ask for a page. */
function shownToBrowsers(route: Route): Route {
  return {
    ...route,
    handle(context) {
      const { accept = '' } = context.request.headers
      return accept.startsWith('text/html') ? redirect(context) : route.handle(context)
    },
  }
}

function dashboardRoutes({ token, log }: DashboardOptions, serverLog?: Log): Route[] {
  const access = new Access(token)
  const names = Object.keys(PAGE_FILES) as PageFileName[]
  return [
    { method: 'GET', path: DASHBOARD_PATH, handle: redirect },
    { method: 'GET', path: `${DASHBOARD_PATH}/`, handle: (it) => sendFile(it, 'index.html') },
    ...names.map((name) => ({
      method: 'GET',
      path: `${DASHBOARD_PATH}/${name}`,
      handle: (context: RouteContext) => sendFile(context, name),
    })),
    ...inspectRoutes({ access, log: log ?? new LogRing(serverLog) }),
    ...adminRoutes(access),
  ]
}

export const DASHBOARD_PATH = '/dashboard'

function redirect({ reply }: RouteContext): void {
  // Not for ever: another server may be at this address tomorrow.
  reply.writeHead(307, ['Location', `${DASHBOARD_PATH}/`, 'Content-Length', '0'])
  reply.end()
}

async function sendFile({ request, reply }: RouteContext, name: PageFileName): Promise<void> {
  const file = await pageFile(name).catch(() => {
    throw new HttpError(404, 'The dashboard was not built: npm run build does that')
  })
  const headers = [...PAGE_HEADERS, 'ETag', file.tag, 'Content-Type', file.type]
  if (request.headers['if-none-match'] === file.tag) {
    reply.writeHead(304, headers)
    reply.end()
    return
  }
  const isCompressed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  if (isCompressed) headers.push('Content-Encoding', 'gzip')
  const body = isCompressed ? file.compressed : file.plain
  reply.writeHead(200, [...headers, 'Content-Length', String(body.length)])
  reply.end(body)
}

/** Charts place their parts by style attributes set from the script, which a policy allows. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const PAGE_HEADERS = [
  'Content-Security-Policy',
  POLICY,
  'X-Content-Type-Options',
  'nosniff',
  'Referrer-Policy',
  'no-referrer',
  'Cross-Origin-Opener-Policy',
  'same-origin',
  'Cache-Control',
  'no-cache',
  'Vary',
  'Accept-Encoding',
]
