// SPDX-License-Identifier: MIT
// What `rolldown -c` does, without its list of files: for those who want a node, not a build.

import { build } from 'rolldown'
import { loadConfig } from 'rolldown/config'

await build({ ...(await loadConfig('rolldown.config.js')), logLevel: 'silent' })
