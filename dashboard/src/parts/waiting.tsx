// SPDX-License-Identifier: MIT
// What a view of the node shows while there is nothing of the node to show.

import { connection } from '../state/live.ts'
import { hrefOf } from '../state/route.ts'

export function Waiting() {
  const isRefused = connection.value === 'refused'
  return (
    <p class="empty">
      {isRefused ? 'Keys can be used without. ' : 'Waiting for the node…'}
      {isRefused && <a href={hrefOf('keys')}>Go to the keys</a>}
    </p>
  )
}
