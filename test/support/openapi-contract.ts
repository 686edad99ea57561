// SPDX-License-Identifier: MIT
// Holds a server to its OpenAPI document: checks the document itself, and replies against what it
// says of them, with a JSON Schema validator.

import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type {
  ApiHeader,
  ApiOperation,
  ApiResponse,
  MediaType,
  OpenApiDocument,
  Reference,
  Schema,
} from '../../src/proxy/server/openapi/api-types.ts'

export interface Operation extends ApiOperation {
  readonly method: string
  /** As in the document, with `{key}`. */
  readonly path: string
}

/** What came back, as far as it was read. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** Where the schemas of the document are to the validator. */
const BASE = 'https://contract.test/openapi.json'

export class Contract {
  readonly document: OpenApiDocument
  readonly #ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false })

  constructor(document: OpenApiDocument) {
    this.document = document
    for (const name of ['x-oai-itemSchema', 'example']) this.#ajv.addKeyword(name)
    for (const name of ['components', 'schemas']) this.#ajv.addKeyword(name)
    this.#ajv.addSchema({ $id: BASE, components: { schemas: document.components.schemas } })
  }

  get operations(): Operation[] {
    return Object.entries(this.document.paths).flatMap(([path, item]) => {
      const { 'x-oai-additionalOperations': others = {}, ...own } = item
      return Object.entries({ ...own, ...Object(others) }).map(([method, operation]) => ({
        ...(operation as ApiOperation),
        method: method.toUpperCase(),
        path,
      }))
    })
  }

  /** What is wrong with the document itself throws. */
  checkDocument(): void {
    const { operations, document } = this
    assert.match(document.openapi, /^3\.1\.\d+$/)
    const ids = operations.map(({ operationId }) => operationId)
    assert.equal(new Set(ids).size, ids.length, 'operation ids must be unique')
    const tags = new Set(document.tags.map(({ name }) => name))
    for (const operation of operations) this.#checkOperation(operation, tags)
    this.#checkReferences(document)
    for (const schema of schemasIn(document.paths)) this.#validator(schema)
    for (const name of Object.keys(document.components.schemas)) {
      this.#validator({ $ref: `#/components/schemas/${name}` })
    }
  }

  /** Throws when the reply is not one that the operation announces. */
  checkReply(operation: Operation, reply: Reply): void {
    const { status, headers, body } = reply
    const announced = operation.responses[status]
    assert.ok(announced, `${operation.operationId} must not answer ${status}: ${body}`)
    const response = this.#resolve<ApiResponse>(announced)
    for (const [name, header] of Object.entries(response.headers ?? {})) {
      const { schema } = this.#resolve<ApiHeader>(header)
      const text = headers.get(name)
      if (name === 'Retry-After' && text === null) continue
      assert.ok(text !== null, `${operation.operationId} lacks the header ${name}`)
      this.#check(schema, text, `${name} of ${operation.operationId}`)
    }
    if (response.content === undefined) return assert.equal(body, '')
    const type = headers.get('content-type')?.split(';')[0] ?? ''
    const media = response.content[type]
    assert.ok(media, `${operation.operationId} must not answer with ${type}`)
    this.#checkBody(media, reply, operation.operationId)
  }

  #checkBody(media: MediaType, { headers, body }: Reply, what: string): void {
    const { schema, 'x-oai-itemSchema': item } = media
    const isJson = headers.get('content-type')?.startsWith('application/json') === true
    if (schema !== undefined) this.#check(schema, isJson ? JSON.parse(body) : body, what)
    if (item === undefined) return
    for (const line of body.split('\n').filter((it) => it !== '')) {
      this.#check(item, JSON.parse(line), `a line of ${what}`)
    }
  }

  #checkOperation(operation: Operation, tags: ReadonlySet<string>): void {
    const { operationId, path, parameters = [], responses, summary } = operation
    assert.match(operationId, /^[a-z][A-Za-z]+$/)
    assert.ok(operation.tags.length > 0 && operation.tags.every((it) => tags.has(it)), operationId)
    assert.match(summary, /^[A-Z].*[^.]$/, operationId)
    assert.ok(responses['200'], `${operationId} never succeeds`)
    const declared = parameters.map((it) => this.#resolve<{ name: string; in: string }>(it))
    const inPath = declared.filter((it) => it.in === 'path').map(({ name }) => name)
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    assert.deepEqual(inPath, wanted, `${operationId} declares other parameters than its path has`)
  }

  #checkReferences(node: unknown): void {
    if (typeof node !== 'object' || node === null) return
    const { $ref } = node as Partial<Reference>
    if (typeof $ref === 'string') assert.ok(this.#resolve({ $ref }), `${$ref} leads nowhere`)
    for (const child of Object.values(node)) this.#checkReferences(child)
  }

  #resolve<T extends object>(it: T | Reference): T {
    if (!('$ref' in it)) return it
    let found: unknown = this.document
    for (const name of it.$ref.slice(2).split('/')) found = Object(found)[name]
    assert.ok(found, `${it.$ref} leads nowhere`)
    return found as T
  }

  #check(schema: Schema, data: unknown, what: string): void {
    const validate = this.#validator(schema)
    if (validate(data)) return
    const text = this.#ajv.errorsText(validate.errors)
    assert.fail(`${what}: ${text} in ${JSON.stringify(data)}`)
  }

  #validator(schema: Schema) {
    const text = JSON.stringify(schema).replaceAll('"#/components', `"${BASE}#/components`)
    return this.#ajv.compile(JSON.parse(text) as Schema)
  }
}

/** Those of bodies and headers. */
function schemasIn(node: unknown): Schema[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([name, child]) =>
    name === 'schema' || name === 'x-oai-itemSchema' ? [child as Schema] : schemasIn(child),
  )
}
