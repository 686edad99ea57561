// SPDX-License-Identifier: MIT
// A worker thread that tells which transport it gets, and what it is told about that.

import { parentPort, workerData } from 'node:worker_threads'
import { checkTransportOptions, chooseTransport } from '../../src/nodejs/transport-choice.ts'

const lines: string[] = []
const log = { enabled: () => true, write: (_: string, text: string) => void lines.push(text) }
const open = chooseTransport(checkTransportOptions(workerData), log)
const handler = { onDatagram() {}, onBatchEnd: () => false, onSendFailed() {} }
const transport = await open({ family: 4, host: '127.0.0.1', port: 0 }, handler)
await transport.close()
parentPort!.postMessage({ kind: transport.kind, lines })
