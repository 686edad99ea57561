#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The `dhtcluster` command.

import { main } from './main.ts'

await main('dhtcluster', process.argv.slice(2))
