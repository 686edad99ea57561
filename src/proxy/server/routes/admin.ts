// SPDX-License-Identifier: MIT
// Actions on the node, for who has the token of the dashboard; see docs/dashboard.md.

import { HttpError } from '../http-error.ts'
import type { Access } from '../inspect/access.ts'
import type { InspectableNode } from '../inspect/inspectable-node.ts'
import { sendPrivate, sendPrivateJson } from '../inspect/private-reply.ts'
import { asBadRequest, readJson } from '../read-body.ts'
import type { Route, RouteContext } from '../route.ts'

export function adminRoutes(access: Access): Route[] {
  const action = (
    method: string,
    path: string,
    act: (node: InspectableNode, context: RouteContext) => unknown,
  ): Route => ({
    method,
    path: `/admin/${path}`,
    async handle(context) {
      access.checkAdmin(context.request)
      const result = await act(context.services.node, context)
      if (result instanceof Uint8Array) sendPrivate(context, result, BINARY)
      else await sendPrivateJson(context, result)
    },
  })
  return [
    action('POST', 'bootstrap', async (node, context) => {
      const { hosts } = await readJson(context)
      if (!isTexts(hosts)) throw new HttpError(400, 'hosts must be an array of HOST[:PORT] texts')
      if (node.bootstrap === undefined) throw missing()
      asBadRequest(() => node.bootstrap!(...hosts))
      return { hosts }
    }),
    action('POST', 'connectivity-changed', (node) => {
      if (node.connectivityChanged === undefined) throw missing()
      node.connectivityChanged()
      return {}
    }),
    action('GET', 'export-nodes', (node) => {
      if (node.exportNodes === undefined) throw missing()
      return node.exportNodes().map(({ id, address }) => ({ id: `${id}`, address: `${address}` }))
    }),
    action('GET', 'export-values', (node) => {
      if (node.exportValues === undefined) throw missing()
      return node.exportValues()
    }),
  ]
}

function missing(): HttpError {
  return new HttpError(501, 'The node behind this proxy cannot do that')
}

function isTexts(json: unknown): json is readonly string[] {
  return Array.isArray(json) && json.length > 0 && json.every((it) => typeof it === 'string')
}

const BINARY = ['Content-Type', 'application/octet-stream']
