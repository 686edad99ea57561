#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The `perftest` command.

import { main } from './main.ts'

await main('perftest', process.argv.slice(2))
