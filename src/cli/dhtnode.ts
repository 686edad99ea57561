#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The `dhtnode` command.

import { main } from './main.ts'

await main('dhtnode', process.argv.slice(2))
