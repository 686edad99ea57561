// SPDX-License-Identifier: MIT
// Reads JSON as leniently as OpenDHT's proxies do: comments, a comma behind the last member, and
// anything behind the document are passed over. Integers beyond 2^53 become bigints: ids of values
// have 64 bits, and some clients send them as numbers.

export type JsonInput =
  | null
  | boolean
  | number
  | bigint
  | string
  | JsonInput[]
  | { [key: string]: JsonInput | undefined }

/** Throws SyntaxError that says what was expected, and where. */
export function parseJson(text: string): JsonInput {
  // Nearly all texts are plain JSON without large numbers, which the built-in parser reads faster.
  if (!LARGE_NUMBER.test(text)) {
    try {
      return JSON.parse(text) as JsonInput
    } catch {
      // Read again below, by other rules.
    }
  }
  return new JsonReader(text).document()
}

/** Sixteen digits in a row; base64 and texts may have them too, which costs a little time only. */
const LARGE_NUMBER = /[0-9]{16}/
/** Nothing in the protocol is nested more than once. */
const MAX_DEPTH = 32
/** More digits than the largest id has: read as a number, since nothing needs it exactly. */
const MAX_EXACT_DIGITS = 24

const NUMBER = /-?\d+(\.\d+)?([eE][-+]?\d+)?/y
const WORD = /true|false|null/y
// Runs of plain characters are one step: a step each would exhaust the stack on long texts.
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y
const BLANK = /(?:[ \t\r\n]+|\/\/[^\n]*|\/\*.*?\*\/)*/sy

class JsonReader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): JsonInput {
    this.#skipBlank()
    return this.#value()
  }

  #value(): JsonInput {
    const next = this.#text[this.#at]
    if (next === '{') return this.#nested(() => this.#object())
    if (next === '[') return this.#nested(() => this.#array())
    if (next === '"') return this.#string()
    const word = this.#match(WORD)
    if (word !== undefined) return word === 'null' ? null : word === 'true'
    const number = this.#match(NUMBER)
    if (number === undefined) throw this.#expected('a value')
    return toNumber(number)
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw this.#expected(`no more than ${MAX_DEPTH} levels`)
    this.#at++
    const result = read()
    this.#depth--
    return result
  }

  #object(): JsonInput {
    const result: { [key: string]: JsonInput } = Object.create(null)
    for (;;) {
      this.#skipBlank()
      if (this.#take('}')) return result
      if (this.#text[this.#at] !== '"') throw this.#expected('a key in quotes')
      const key = this.#string()
      this.#skipBlank()
      if (!this.#take(':')) throw this.#expected('a colon')
      this.#skipBlank()
      result[key] = this.#value()
      this.#skipBlank()
      if (!this.#take(',') && this.#text[this.#at] !== '}') throw this.#expected('a comma or }')
    }
  }

  #array(): JsonInput {
    const result: JsonInput[] = []
    for (;;) {
      this.#skipBlank()
      if (this.#take(']')) return result
      result.push(this.#value())
      this.#skipBlank()
      if (!this.#take(',') && this.#text[this.#at] !== ']') throw this.#expected('a comma or ]')
    }
  }

  #string(): string {
    const at = this.#at
    const quoted = this.#match(STRING)
    try {
      if (quoted !== undefined) return JSON.parse(quoted) as string
    } catch {
      // It holds a control character, or an escape that there is not.
      this.#at = at
    }
    throw this.#expected('a string')
  }

  #skipBlank(): void {
    this.#match(BLANK)
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #expected(what: string): SyntaxError {
    const rest = this.#text.slice(this.#at, this.#at + 12)
    const got = rest === '' ? 'the end' : JSON.stringify(rest)
    return new SyntaxError(`Incorrect JSON: expected ${what} at ${this.#at}, got ${got}`)
  }
}

function toNumber(digits: string): number | bigint {
  const number = Number(digits)
  const isExact = Number.isSafeInteger(number) || !/^-?\d+$/.test(digits)
  return isExact || digits.length > MAX_EXACT_DIGITS ? number : BigInt(digits)
}
