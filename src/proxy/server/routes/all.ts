// SPDX-License-Identifier: MIT
// All routes of a proxy server.

import { packageVersion } from '../package-version.ts'
import type { Route } from '../route.ts'
import { LISTEN_ROUTES } from './listen.ts'
import { NODE_ROUTES } from './node.ts'
import { openApiRoutes } from './openapi.ts'
import { OPERATION_ROUTES } from './operation.ts'
import { OPTIONS_ROUTES } from './options.ts'
import { PUSH_ROUTES } from './push.ts'
import { SECURE_ROUTES } from './secure.ts'
import { VALUE_ROUTES } from './values.ts'

const WORKING: readonly Route[] = [
  ...NODE_ROUTES,
  ...VALUE_ROUTES,
  ...LISTEN_ROUTES,
  ...SECURE_ROUTES,
  ...PUSH_ROUTES,
  ...OPTIONS_ROUTES,
  ...OPERATION_ROUTES,
]

export const ROUTES: readonly Route[] = [...WORKING, ...openApiRoutes(WORKING, packageVersion())]
