// SPDX-License-Identifier: MIT
// A real UDP socket whose cable can be pulled: nothing leaves and nothing arrives meanwhile.

import { openDgramTransport } from '../../src/nodejs/dgram-transport.ts'
import type { OpenTransport, Transport, TransportHandler } from '../../src/nodejs/transport.ts'

export class Cable {
  isPulled = false

  readonly openTransport: OpenTransport = async (options, handler) => {
    const behind: TransportHandler = {
      onDatagram: (bytes, from) => {
        if (!this.isPulled) handler.onDatagram(bytes, from)
      },
      onBatchEnd: () => handler.onBatchEnd(),
      onSendFailed: (to) => handler.onSendFailed(to),
    }
    const transport = await openDgramTransport(options, behind)
    const send: Transport['send'] = (outbox) => this.isPulled || transport.send(outbox)
    return {
      kind: transport.kind,
      family: transport.family,
      address: transport.address,
      stats: transport.stats,
      send,
      close: () => transport.close(),
    }
  }
}
