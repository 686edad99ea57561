// SPDX-License-Identifier: MIT
// The only door to the codecs: they come with a library that takes some 40 ms to load. That happens
// at the first call.

export function loadCodecs(): Promise<typeof import('./asn1/codecs.ts')> {
  return import('./asn1/codecs.ts')
}
