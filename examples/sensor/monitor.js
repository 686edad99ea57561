// SPDX-License-Identifier: MIT
// Shows the readings of a sensor as they come, and the mean of those of the last ten minutes. Goes on
// through lost connections, and with the next proxy when one fails.

import { parseArgs } from 'node:util'
import { ProxyClient } from 'opendht/proxy/client'

const { values: options } = parseArgs({
  options: {
    proxy: { type: 'string', multiple: true, default: ['http://localhost:8080'] },
    name: { type: 'string', default: 'greenhouse' },
  },
})
const { proxy: proxies, name } = options

const dht = new ProxyClient({ proxies })
process.once('SIGINT', () => dht.close())
/** @type {Map<bigint, number>} */
const present = new Map()
for await (const { value, expired } of dht.listen(`example-sensor ${name}`)) {
  const reading = parse(value.data)
  if (reading === undefined) continue
  if (expired) {
    present.delete(value.id)
    continue
  }
  present.set(value.id, reading.celsius)
  const mean = [...present.values()].reduce((a, b) => a + b, 0) / present.size
  const time = new Date(reading.at).toISOString()
  console.log(`${time} ${reading.celsius} °C, mean of ${present.size}: ${mean.toFixed(1)} °C`)
}

/**
 * Everyone can put values under the key of a sensor: take what looks like a reading.
 * @param {Uint8Array} data
 */
function parse(data) {
  try {
    const { at, celsius } = JSON.parse(new TextDecoder().decode(data))
    const isReading = Number.isFinite(celsius) && Math.abs(at) < 8.64e15
    return isReading ? { at: Number(at), celsius: Number(celsius) } : undefined
  } catch {
    return undefined
  }
}
