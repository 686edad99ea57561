// SPDX-License-Identifier: MIT
// The OpenAPI document as a page to be read: plain HTML, no scripts, nothing from elsewhere, so
// that the strictest policy for its content holds.

import { createHash } from 'node:crypto'
import type { ApiOperation, OpenApiDocument, Schema } from './api-types.ts'

const STYLE = `
:root{color-scheme:light dark;--line:#8885;--soft:#8882}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.45 ui-monospace,monospace}
pre{background:var(--soft);padding:.75rem;overflow-x:auto;border-radius:.4rem}
nav ul{columns:20rem;list-style:none;padding:0}
section{border-top:1px solid var(--line);margin-top:2rem}
details>summary{cursor:pointer}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;border-bottom:1px solid var(--line);padding:.3rem .6rem}
.method{font-weight:700}
.old{opacity:.65}
`

const HASH = createHash('sha256').update(STYLE).digest('base64')

/** To be sent with the page as `Content-Security-Policy`. */
export const PAGE_POLICY =
  `default-src 'none'; style-src 'sha256-${HASH}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export function apiPage(document: OpenApiDocument): string {
  const operations = operationsOf(document)
  const links = operations.map(
    (it) => `<li${it.operation.deprecated ? ' class="old"' : ''}>${linkTo(it)}</li>`,
  )
  const sections = document.tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name))
    if (own.length === 0) return ''
    const body = own.map((it) => operationHtml(document, it)).join('')
    return `<section><h2>${html(name)}</h2><p>${html(description)}</p>${body}</section>`
  })
  const { title, version, description } = document.info
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${html(title)}</title>` +
    `<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>` +
    `<h1>${html(title)} ${html(version)}</h1>${paragraphs(`${description}`)}` +
    `<p><a href="/openapi.json">openapi.json</a></p><nav><ul>${links.join('')}</ul></nav>` +
    `${sections.join('')}<section><h2>Forms</h2>${schemasHtml(document)}</section></body></html>\n`
  )
}

interface Listed {
  readonly method: string
  readonly path: string
  readonly operation: ApiOperation
}

function operationsOf({ paths }: OpenApiDocument): Listed[] {
  return Object.entries(paths).flatMap(([path, item]) => {
    const { 'x-oai-additionalOperations': others, ...own } = item
    return Object.entries({ ...own, ...Object(others) }).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: operation as ApiOperation,
    }))
  })
}

function linkTo({ method, path, operation }: Listed): string {
  const name = `<span class="method">${method}</span> ${html(path)}`
  return `<a href="#${operation.operationId}"><code>${name}</code></a>`
}

function operationHtml(document: OpenApiDocument, listed: Listed): string {
  const { operation } = listed
  const rows = Object.entries(operation.responses).map(([status, response]) => {
    const name = '$ref' in response ? response.$ref.slice(response.$ref.lastIndexOf('/') + 1) : ''
    const { description } = '$ref' in response ? document.components.responses[name]! : response
    return `<tr><td>${status}</td><td>${inline(description)}</td></tr>`
  })
  return (
    `<h3 id="${operation.operationId}">${linkTo(listed)}</h3>` +
    `<p><strong>${html(operation.summary)}.</strong> ${inline(operation.description)}</p>` +
    `<pre>${html(curlOf(listed))}</pre>` +
    `<details><summary>Replies</summary><table>${rows.join('')}</table></details>`
  )
}

function curlOf({ method, path, operation }: Listed): string {
  const { example } = operation.requestBody?.content['application/json'] ?? {}
  const verb = method === 'GET' || (method === 'POST' && example) ? '' : `-X ${method} `
  const data = example === undefined ? '' : ` -d '${JSON.stringify(example)}'`
  const unbuffered = operation.operationId.startsWith('listen') ? '-N ' : ''
  const address = `http://127.0.0.1:8000${path.replace('{key}', 'greetings')}`
  return `curl ${unbuffered}${verb}${address}${data}`
}

function schemasHtml({ components }: OpenApiDocument): string {
  return Object.entries(components.schemas)
    .map(([name, schema]) => {
      const fields = Object.entries(Object(schema['properties']) as Record<string, Schema>)
      const rows = fields.map(
        ([field, it]) =>
          `<tr><td><code>${html(field)}</code></td><td>${html(it['type'] ?? '')}</td>` +
          `<td>${inline(`${it['description'] ?? ''}`)}</td></tr>`,
      )
      const intro =
        schema['description'] === undefined ? '' : paragraphs(`${schema['description']}`)
      return `<h3>${html(name)}</h3>${intro}<table>${rows.join('')}</table>`
    })
    .join('')
}

function paragraphs(text: string): string {
  return text
    .split('\n\n')
    .map((it) => `<p>${inline(it)}</p>`)
    .join('')
}

/** Text with code between backquotes. */
function inline(text: string): string {
  return html(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

function html(text: unknown): string {
  return `${text}`
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
