// SPDX-License-Identifier: MIT
// Public face of the proxy server, `opendht/proxy/server`.

export { LogRing } from './inspect/log-ring.ts'
export { DEFAULT_LIMITS, type ProxyLimits } from './limits.ts'
export type { ProxyCounters, RefusalReason } from './proxy-counters.ts'
export type { ProxyNode } from './proxy-node.ts'
export {
  DEFAULT_PROXY_PORT,
  type ProxyObserver,
  ProxyServer,
  type ProxyServerOptions,
} from './proxy-server.ts'
export type { PushFormat } from './push/notification.ts'
export type { PushOptions } from './push/push-service.ts'
export type { DashboardOptions } from './routes/dashboard.ts'
export { DEFAULT_KEPT_LIMITS, type KeptLimits } from './store/kept-limits.ts'
export type { StoreOptions } from './store/open-store.ts'
