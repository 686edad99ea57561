#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The `dhtscanner` command.

import { main } from './main.ts'

await main('dhtscanner', process.argv.slice(2))
