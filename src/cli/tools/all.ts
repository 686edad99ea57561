// SPDX-License-Identifier: MIT
// All tools, in the order of `opendht --help`.

import type { Tool } from '../tool.ts'
import { COMPLETION } from './completion-tool.ts'
import { DHTCHAT } from './dhtchat-tool.ts'
import { DHTCLUSTER } from './dhtcluster-tool.ts'
import { DHTNODE } from './dhtnode-tool.ts'
import { DHTSCANNER } from './dhtscanner-tool.ts'
import { DURL } from './durl-tool.ts'
import { PERFTEST } from './perftest-tool.ts'
import { PINGPONG } from './pingpong-tool.ts'

export const TOOLS: readonly Tool[] = [
  DHTNODE,
  DHTCHAT,
  DHTSCANNER,
  DHTCLUSTER,
  PERFTEST,
  PINGPONG,
  DURL,
  COMPLETION,
]

export function findTool(name: string): Tool | undefined {
  return TOOLS.find((it) => it.name === name)
}
