// SPDX-License-Identifier: MIT
// All routes of a proxy server.

import { packageVersion } from '../package-version.ts'
import type { Route } from '../route.ts'
import { NODE_ROUTES } from './node.ts'
import { openApiRoutes } from './openapi.ts'
import { OPERATION_ROUTES } from './operation.ts'
import { VALUE_ROUTES } from './values.ts'

const WORKING: readonly Route[] = [...NODE_ROUTES, ...VALUE_ROUTES, ...OPERATION_ROUTES]

export const ROUTES: readonly Route[] = [...WORKING, ...openApiRoutes(WORKING, packageVersion())]
