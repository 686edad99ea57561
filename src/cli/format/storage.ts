// SPDX-License-Identifier: MIT
// What a node stores and who listens to it, as `ld` prints it.

import type { KeySnapshot, SourceSnapshot } from '../../core/snapshots.ts'
import { formatSize } from './size.ts'

export interface StorageView {
  readonly keys: readonly KeySnapshot[]
  /** Values of others by address. */
  readonly sources: readonly SourceSnapshot[]
  /** Bytes as quotas count them; limits are -1 for none. */
  readonly remote: { readonly bytes: number; readonly maxBytes: number }
  readonly local: { readonly bytes: number; readonly maxBytes: number }
}

/** Ends with the totals and an empty line. */
export function formatStorage({ keys, sources, remote, local }: StorageView): string {
  const values = keys.reduce((sum, key) => sum + key.values, 0)
  return [
    ...keys.map(formatKey),
    '',
    '',
    ...sources.map(({ address, bytes }) => `IP ${address} uses ${formatSize(bytes)}`),
    '',
    `Total ${keys.length} storages, ${values} values ` +
      `(${formatUse(remote)} KB remote, ${formatUse(local)} local)`,
    '',
  ].join('\n')
}

export function formatKey({ key, values, bytes, listeners, localListeners }: KeySnapshot): string {
  const lines = [
    `Storage ${key} ${listeners.length} list., ${values} values, ${formatSize(bytes)}`,
    ...listeners.map(({ id, address, count }) => `   Listener ${id} ${address} : ${count} entries`),
  ]
  if (localListeners > 0) lines.push(`   ${localListeners} local listeners`)
  return lines.join('\n')
}

function formatUse({ bytes, maxBytes }: StorageView['local']): string {
  const kilobytes = Math.floor(bytes / 1024)
  return `${kilobytes} / ${maxBytes < 0 ? 'unlimited' : Math.floor(maxBytes / 1024)}`
}
