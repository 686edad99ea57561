// SPDX-License-Identifier: MIT
// The version of this package, wherever in it this file or its bundle is.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `unknown` where the package was taken apart, as by a bundler of the application. */
export function packageVersion(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (folder !== dirname(folder)) {
    const path = join(folder, 'package.json')
    if (existsSync(path)) {
      const { name, version } = JSON.parse(readFileSync(path, 'utf8'))
      return name === 'opendht' ? version : 'unknown'
    }
    folder = dirname(folder)
  }
  return 'unknown'
}
