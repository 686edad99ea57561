// SPDX-License-Identifier: MIT
// A plugin of the builds: gathers the licences of all packages that a bundle contains.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/

export const notices = {
  name: 'third-party-notices',
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((it) => it.moduleIds ?? [])
    const folders = modules.flatMap((id) => PACKAGE.exec(id)?.[0] ?? [])
    const source = [...new Set(folders)]
      .map(noticeOf)
      .sort()
      .join(`\n${'-'.repeat(80)}\n\n`)
    this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-NOTICES.txt', source })
  },
}

/** Name, version and licence of the package in a folder. Without a licence it may not be bundled. */
function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((it) => /^licen[cs]e/i.test(it))
  if (file === undefined) throw new Error(`${name} has no licence file`)
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8')}`
}
