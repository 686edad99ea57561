#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The `opendht` command, which has all tools.

import { mainOfAll } from './main.ts'

await mainOfAll(process.argv.slice(2))
