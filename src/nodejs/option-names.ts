// SPDX-License-Identifier: MIT
// The names that options of a node can have: a mistyped one would be ignored in silence.

import type { RunnerOptions } from './runner-options.ts'

const NAMES: Readonly<Record<keyof RunnerOptions, true>> = {
  port: true,
  bind4: true,
  bind6: true,
  bootstrap: true,
  peerDiscovery: true,
  proxy: true,
  statePath: true,
  stateIntervalMs: true,
  log: true,
  resolver: true,
  transport: true,
  receiveCoalescingMs: true,
  openTransport: true,
  id: true,
  network: true,
  clientMode: true,
  bootstrapMode: true,
  maintainStorage: true,
  publicStable: true,
  maxRequestsPerSecond: true,
  maxPeerRequestsPerSecond: true,
  maxAmplification: true,
  maxNodesPerPrefix: true,
  lookupPaths: true,
  verifyPuts: true,
  maxSearches: true,
  maxUploadBytesPerSecond: true,
  maxDownloadBytesPerSecond: true,
  maxStorageBytes: true,
  maxLocalStorageBytes: true,
  maxStorageKeys: true,
  maxListeners: true,
  agent: true,
  identity: true,
  publishCertificate: true,
  certificateStore: true,
}

/** Rejects with TypeError for an option that there is not. Undefined is as good as not given. */
export async function checkOptionNames(options: RunnerOptions): Promise<void> {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(NAMES, name)) continue
    // Loaded for mistakes only.
    const { suggestion } = await import('../core/util/nearest.ts')
    throw new TypeError(`There is no option "${name}"${suggestion(name, Object.keys(NAMES))}`)
  }
}
