// SPDX-License-Identifier: MIT
// The description of the interface, for programs and for people. It is made of the route table when
// it is first asked for, and stays the same from then on.

import { openApiDocument } from '../openapi/document.ts'
import { apiPage, PAGE_POLICY } from '../openapi/page.ts'
import { sendJson, sendText } from '../reply.ts'
import type { Route, RouteContext } from '../route.ts'

/** Describes `others` and itself. */
export function openApiRoutes(others: readonly Route[], version: string): readonly Route[] {
  let texts: { readonly json: string; readonly page: string } | undefined
  const made = () => {
    if (texts !== undefined) return texts
    const document = openApiDocument([...others, ...own], version)
    texts = { json: JSON.stringify(document), page: apiPage(document) }
    return texts
  }
  const sendPage = (context: RouteContext): void =>
    sendText(context, {
      type: 'text/html; charset=utf-8',
      text: made().page,
      headers: ['Content-Security-Policy', PAGE_POLICY, 'X-Content-Type-Options', 'nosniff'],
    })
  const own: readonly Route[] = [
    { method: 'GET', path: '/openapi.json', handle: (it) => sendJson(it, made().json) },
    { method: 'GET', path: '/api', handle: sendPage },
  ]
  return own
}
