#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The `dhtchat` command.

import { main } from './main.ts'

await main('dhtchat', process.argv.slice(2))
