// SPDX-License-Identifier: MIT
// Identities, signatures and encryption of 100-byte values by our node, on one thread: the
// synchronous forms. Counterpart of cpp/crypto.cpp.
//   crypto secs=0.5 large=1 (0: without keys of 4096 bits)

import { cpuSeconds, number, printRow, someBytes } from '../harness/driver.ts'

const path = number('source', 0) === 1 ? '../../src/crypto/entry.ts' : '../../dist/crypto/entry.js'
const { Identity, PrivateKey } = (await import(path)) as typeof import('../../src/crypto/entry.ts')

const seconds = number('secs', 0.5)
const data = someBytes(100, 1)

await measure('RSA-2048, generate identity', seconds * 4, () => Identity.generate({ bits: 2048 }))
if (number('large', 1) > 0) {
  await measure('RSA-4096, generate identity', seconds * 8, () => Identity.generate({ bits: 4096 }))
  await measureKey('RSA-4096', 4096)
}
await measureKey('RSA-2048', 2048)
await measure('EC, generate identity', seconds, () => Identity.generate({ type: 'ec' }))
process.exit(0)

async function measureKey(name: string, bits: number): Promise<void> {
  const key = await PrivateKey.generate({ bits })
  const { publicKey } = key
  const signature = key.signSync(data)
  const encrypted = publicKey.encrypt(data)
  await measure(`${name}, sign`, seconds, () => key.signSync(data))
  await measure(`${name}, verify`, seconds, () => {
    if (!publicKey.verify(data, signature)) throw new Error('a good signature was refused')
  })
  await measure(`${name}, encrypt`, seconds, () => publicKey.encrypt(data))
  await measure(`${name}, decrypt`, seconds, () => key.decryptSync(encrypted))
}

async function measure(row: string, length: number, operation: () => unknown): Promise<void> {
  await operation()
  const cpu = cpuSeconds()
  const end = performance.now() + length * 1000
  let count = 0
  do {
    await operation()
    count++
  } while (performance.now() < end)
  printRow(row, { cpuUs: ((cpuSeconds() - cpu) * 1e6) / count })
}
