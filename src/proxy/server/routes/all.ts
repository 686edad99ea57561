// SPDX-License-Identifier: MIT
// All routes of a proxy server.

import type { Route } from '../route.ts'
import { NODE_ROUTES } from './node.ts'
import { VALUE_ROUTES } from './values.ts'

export const ROUTES: readonly Route[] = [...NODE_ROUTES, ...VALUE_ROUTES]
