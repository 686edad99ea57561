// SPDX-License-Identifier: MIT
// A sensor on a device that speaks no UDP: readings go through a REST proxy, with nothing but fetch.
// Each is a value of its own and expires after ten minutes, so the key holds the latest ones.

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ProxyClient } from 'opendht/proxy/client'

const { values: options } = parseArgs({
  options: {
    proxy: { type: 'string', multiple: true, default: ['http://localhost:8080'] },
    name: { type: 'string', default: 'greenhouse' },
    'interval-s': { type: 'string', default: '10' },
    count: { type: 'string', default: 'Infinity' },
  },
})
const { proxy: proxies, name } = options

const dht = new ProxyClient({ proxies })
let celsius = 21
for (let n = 0; n < Number(options.count); n++) {
  if (n > 0) await sleep(Number(options['interval-s']) * 1000)
  celsius += Math.random() - 0.5 // stands for asking a thermometer
  const reading = { at: Date.now(), celsius: Number(celsius.toFixed(1)) }
  try {
    await dht.put(`example-sensor ${name}`, JSON.stringify(reading))
    console.log(`sent ${reading.celsius} °C`)
  } catch (error) {
    // All proxies failed. A reading that is late is worth nothing: the next one tries again.
    console.error(`not sent: ${error instanceof Error ? error.message : error}`)
  }
}
await dht.close()
