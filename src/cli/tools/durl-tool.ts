// SPDX-License-Identifier: MIT
// The table of durl: the body behind a URL.

import { type Given, UsageError } from '../given.ts'
import { type ProgramStreams, type Tool, WRONG_USAGE } from '../tool.ts'

export const DURL: Tool = {
  name: 'durl',
  summary: 'get a URL, such as one of a REST proxy',
  operands: { usage: 'URL', max: 1 },
  description: [
    'Gets an http or https URL and prints what comes, as it comes: made for looking at the ' +
      'REST proxies of a network.',
  ],
  examples: [
    { what: 'Who is behind a proxy', command: 'durl http://192.0.2.7:8080/' },
    { what: 'Its headers, too', command: 'durl -H http://192.0.2.7:8080/' },
  ],
  flags: {
    header: { short: 'H', help: ['print the headers first, sorted, and a blank line'] },
    verbose: { short: 'v', help: ['say on standard error what is done'] },
    json: { help: ['print status, headers and body as one JSON object'] },
    help: { short: 'h', help: ['print this text and exit'] },
    version: { short: 'V', help: ['print the version and exit'] },
  },
  exitStatuses: [
    { status: 0, meaning: 'the answer is complete' },
    { status: 1, meaning: 'there was no answer, or not all of it' },
    WRONG_USAGE,
    { status: 3, meaning: 'the server refused: an HTTP status of 400 or more' },
  ],
  async run(given: Given, streams: ProgramStreams): Promise<number> {
    const [text] = given.operands
    if (text === undefined) throw new UsageError('Which URL?')
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      throw new UsageError(`Invalid URL: ${text} (http://HOST[:PORT]/PATH or https://…)`)
    }
    const { runDurl } = await import('../run-durl.ts')
    const hasHeaders = given.has('header')
    const isVerbose = given.has('verbose')
    return runDurl({ url, hasHeaders, isVerbose, json: given.has('json') }, streams)
  },
}
