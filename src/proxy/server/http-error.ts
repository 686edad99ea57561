// SPDX-License-Identifier: MIT
// A request that ends with an error status; handlers throw it, the server turns it into a reply.

export class HttpError extends Error {
  readonly status: number
  /** Further headers of the reply. */
  readonly headers: Readonly<Record<string, string>>

  /** `message` is for whoever sent the request: it says what was expected. */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.name = 'HttpError'
    this.status = status
    this.headers = headers
  }
}
