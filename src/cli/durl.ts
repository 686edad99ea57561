#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The `durl` command.

import { main } from './main.ts'

await main('durl', process.argv.slice(2))
