// SPDX-License-Identifier: MIT
// The writer of metrics against a strict reader.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Histogram } from '../../../../src/proxy/server/metrics/histogram.ts'
import { OpenMetrics } from '../../../../src/proxy/server/metrics/open-metrics.ts'
import { parseOpenMetrics, sampleOf } from '../../../support/open-metrics.ts'

const HELP = 'Of a test.'

describe('OpenMetrics', () => {
  it('ends an empty page, too', () => {
    assert.equal(new OpenMetrics().end(), '# EOF\n')
    assert.equal(parseOpenMetrics('# EOF\n').size, 0)
  })

  it('writes counters with their suffix and units', () => {
    const page = new OpenMetrics()
    page.counter({ name: 'sent_bytes', help: HELP, unit: 'bytes' }, 12)
    assert.equal(
      page.end(),
      '# TYPE sent_bytes counter\n# UNIT sent_bytes bytes\n# HELP sent_bytes Of a test.\n' +
        'sent_bytes_total 12\n# EOF\n',
    )
  })

  it('escapes what ends labels and lines', () => {
    const page = new OpenMetrics()
    const odd = 'a "quoted" \\ back\nslash}, x="y'
    page.gauge({ name: 'odd', help: odd }, [{ labels: { text: odd, other: 1 }, value: -1.5 }])
    const parsed = parseOpenMetrics(page.end())
    assert.equal(parsed.get('odd')!.help, odd)
    assert.equal(sampleOf(parsed, 'odd', { text: odd, other: '1' }), -1.5)
  })

  it('adds the classes of a histogram up', () => {
    const histogram = new Histogram([0.5, 1, 2])
    for (const value of [0.5, 0.6, 1.5, 9]) histogram.add(value)
    const page = new OpenMetrics()
    page.histogram({ name: 'wait_seconds', help: HELP, unit: 'seconds' }, [
      { labels: { of: 'a' }, histogram },
      { labels: { of: 'b' }, histogram: new Histogram() },
    ])
    const parsed = parseOpenMetrics(page.end())
    const count = (le: string) => sampleOf(parsed, 'wait_seconds_bucket', { of: 'a', le })
    assert.deepEqual(['0.5', '1.0', '2.0', '+Inf'].map(count), [1, 2, 3, 4])
    assert.equal(sampleOf(parsed, 'wait_seconds_sum', { of: 'a' }), 11.6)
    assert.equal(sampleOf(parsed, 'wait_seconds_count', { of: 'b' }), 0)
  })

  it('writes states, facts and numbers that are none', () => {
    const page = new OpenMetrics()
    page.stateSet({ name: 'door', help: HELP }, ['open', 'shut'], [{ state: 'shut' }])
    page.info({ name: 'house', help: HELP }, { colour: 'red' })
    page.gauge({ name: 'limits', help: HELP }, [
      { labels: { of: 'top' }, value: Number.POSITIVE_INFINITY },
      { labels: { of: 'low' }, value: Number.NEGATIVE_INFINITY },
    ])
    const parsed = parseOpenMetrics(page.end())
    assert.equal(sampleOf(parsed, 'door', { door: 'open' }), 0)
    assert.equal(sampleOf(parsed, 'door', { door: 'shut' }), 1)
    assert.equal(sampleOf(parsed, 'house_info', { colour: 'red' }), 1)
    assert.equal(sampleOf(parsed, 'limits', { of: 'top' }), Infinity)
    assert.equal(sampleOf(parsed, 'limits', { of: 'low' }), -Infinity)
  })

  it('refuses what a scraper would refuse', () => {
    const page = new OpenMetrics()
    page.gauge({ name: 'once', help: HELP }, 1)
    assert.throws(() => page.gauge({ name: 'once', help: HELP }, 1), /once is written twice/)
    assert.throws(() => page.counter({ name: 'x_total', help: HELP }, 1), /got x_total/)
    assert.throws(() => page.gauge({ name: 'Upper', help: HELP }, 1), /got Upper/)
    assert.throws(() => page.gauge({ name: 'x', help: HELP, unit: 'bytes' }, 1), /end with _bytes/)
    const labels = { 'no-label': 1 }
    assert.throws(() => page.gauge({ name: 'y', help: HELP }, [{ labels, value: 1 }]), /no-label/)
  })
})

describe('the strict reader', () => {
  const wrong: Record<string, string> = {
    'no end': '# TYPE a gauge\n# HELP a b\na 1\n',
    'two types': '# TYPE a gauge\n# HELP a b\na 1\n# TYPE a gauge\n# HELP a b\n# EOF\n',
    'a counter without its suffix': '# TYPE a counter\n# HELP a b\na 1\n# EOF\n',
    'two equal samples': '# TYPE a gauge\n# HELP a b\na 1\na 2\n# EOF\n',
    'a label that does not end': '# TYPE a gauge\n# HELP a b\na{b="c} 1\n# EOF\n',
    'an empty line': '# TYPE a gauge\n\n# HELP a b\na 1\n# EOF\n',
  }
  for (const [what, text] of Object.entries(wrong)) {
    it(`refuses ${what}`, () => assert.throws(() => parseOpenMetrics(text)))
  }
})
