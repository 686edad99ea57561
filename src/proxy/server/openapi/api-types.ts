// SPDX-License-Identifier: MIT
// The parts of OpenAPI 3.1 that our document uses. Fields that begin with `x-oai-` are those of 3.2
// under the names that the OpenAPI Initiative registered for older documents.

export type Schema = Readonly<Record<string, unknown>>

export interface MediaType {
  readonly schema?: Schema
  /** Of each line or event, where the body is a sequence of them. */
  readonly 'x-oai-itemSchema'?: Schema
  readonly example?: unknown
}

export interface ApiResponse {
  readonly description: string
  readonly headers?: Readonly<Record<string, Reference | ApiHeader>>
  readonly content?: Readonly<Record<string, MediaType>>
}

export interface ApiHeader {
  readonly description: string
  readonly schema: Schema
}

export interface Reference {
  readonly $ref: string
}

export interface ApiParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description: string
  readonly schema: Schema
  readonly example?: unknown
}

export interface ApiOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description: string
  readonly deprecated?: boolean
  readonly parameters?: readonly (Reference | ApiParameter)[]
  readonly requestBody?: {
    readonly required: boolean
    readonly content: Readonly<Record<string, MediaType>>
  }
  readonly responses: Readonly<Record<string, Reference | ApiResponse>>
}

/** Of one route: its method and path as in the route table. */
export interface RouteDescription {
  readonly method: string
  /** With `:key`, as the router has it. */
  readonly path: string
  readonly operation: ApiOperation
}

/** What `paths` holds for one path. */
export type PathItem = Readonly<Record<string, unknown>>

export interface OpenApiDocument {
  readonly openapi: '3.1.1'
  readonly info: Readonly<Record<string, unknown>>
  readonly servers: readonly Readonly<Record<string, unknown>>[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, PathItem>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly responses: Readonly<Record<string, ApiResponse>>
    readonly parameters: Readonly<Record<string, ApiParameter>>
    readonly headers: Readonly<Record<string, ApiHeader>>
  }
}
