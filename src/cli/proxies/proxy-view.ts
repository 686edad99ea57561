// SPDX-License-Identifier: MIT
// What commands need of the REST proxies of a run. Most runs have none, and their code takes time
// to load, so they are opened when the first one is asked for. Tests have a small fake.

import type { ProxySummary } from '../../proxy/server/proxy-server.ts'
import type { ProxyServers } from './proxy-servers.ts'

export interface ProxyView {
  /** Empty until they were opened. */
  readonly list: readonly { readonly summary: ProxySummary }[]
  open(): Promise<OpenProxies>
}

export type StartedProxy = Pick<ProxySummary, 'url' | 'dashboardUrl'>

export interface OpenProxies {
  start(port: number, pushGateway?: string): Promise<StartedProxy>
  startSecure(port: number, pushGateway?: string): Promise<StartedProxy>
  stop(port: number): Promise<boolean>
}

export const NO_PROXIES: ProxyView = {
  list: [],
  open: async () => {
    throw new Error('This node cannot serve proxies')
  },
}

/** What a program has of them. */
export interface LazyProxies extends ProxyView {
  readonly list: ProxyServers['list']
  open(): Promise<ProxyServers>
  close(): Promise<void>
}
