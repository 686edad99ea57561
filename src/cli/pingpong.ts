#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The `pingpong` command.

import { main } from './main.ts'

await main('pingpong', process.argv.slice(2))
