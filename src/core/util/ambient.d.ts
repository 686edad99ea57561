// SPDX-License-Identifier: MIT
// The two web globals the engine may use: both are pure functions of their arguments and exist in
// every JavaScript runtime. Everything else of the host is out of reach on purpose.

declare class TextEncoder {
  encode(text: string): Uint8Array
  encodeInto(text: string, target: Uint8Array): { read: number; written: number }
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(bytes: Uint8Array): string
}
