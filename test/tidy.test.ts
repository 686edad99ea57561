// SPDX-License-Identifier: MIT
// House rules as tests over the sources: which layer may import what, what the deterministic core
// must not call, sizes, headers. Each rule returns its findings, and a finding names file and line.

import assert from 'node:assert/strict'
import { basename, posix } from 'node:path'
import { test } from 'node:test'
import { importsOf } from './support/source-scan.ts'
import {
  FILE_LINES_HARD,
  measure,
  readRatchet,
  readSources,
  type Source,
} from './support/sources.ts'

const WIDTH_MAX = 100
const HEADER_LINES_MAX = 10

interface Layer {
  /** Layers it may import. */
  layers: string[]
  packages: string[]
  hasNode: boolean
}

const CRYPTO_PACKAGES = [
  '@noble/hashes',
  '@peculiar/asn1-csr',
  '@peculiar/asn1-ocsp',
  '@peculiar/asn1-schema',
  '@peculiar/asn1-x509',
]

const LAYERS: Record<string, Layer> = {
  core: { layers: [], packages: ['@noble/hashes'], hasNode: false },
  api: { layers: ['core'], packages: [], hasNode: false },
  crypto: { layers: ['core'], packages: CRYPTO_PACKAGES, hasNode: true },
  secure: { layers: ['core', 'api', 'crypto'], packages: [], hasNode: false },
  discovery: { layers: ['core'], packages: [], hasNode: false },
  sim: { layers: ['core', 'api'], packages: [], hasNode: false },
  pht: { layers: ['core', 'api'], packages: [], hasNode: false },
  'proxy/protocol': { layers: ['core', 'api'], packages: [], hasNode: false },
  'proxy/client': { layers: ['core', 'api', 'proxy/protocol'], packages: [], hasNode: false },
  'proxy/server': {
    layers: ['core', 'api', 'crypto', 'secure', 'proxy/protocol'],
    packages: ['@opentelemetry/api', '@redis/client'],
    hasNode: true,
  },
  nodejs: {
    layers: ['core', 'api', 'crypto', 'secure', 'discovery', 'proxy/protocol', 'proxy/client'],
    packages: [],
    hasNode: true,
  },
  cli: {
    layers: ['core', 'api', 'crypto', 'secure', 'pht', 'proxy/client', 'proxy/server', 'nodejs'],
    packages: [],
    hasNode: true,
  },
  bridge: {
    layers: [
      'core',
      'api',
      'crypto',
      'discovery',
      'secure',
      'pht',
      'proxy/client',
      'nodejs',
      'cli',
    ],
    packages: [],
    hasNode: true,
  },
}

/** Time, randomness, scheduling and output reach these layers through ports and arguments only. */
const BANNED_IN_ENGINES = [
  /\bDate\.now\b/,
  /\bnew Date\b/,
  /\bMath\.random\b/,
  /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/,
  /(?<![.\w#$])(?:performance|console|process|globalThis|crypto)\s*[.[]/,
  /\b(?:async|await)\b|\bPromise\b/,
]

const sources = readSources()
const src = sources.filter(({ path }) => path.startsWith('src/'))
const tests = sources.filter(({ path }) => path.endsWith('.test.ts'))

function check(title: string, findings: readonly string[]): void {
  test(title, () => {
    if (findings.length > 0) assert.fail(`\n${findings.join('\n')}`)
  })
}

check('layers import downwards only', src.flatMap(forbiddenImports))
check('core and discovery call no clock, randomness, timer or console', src.flatMap(impureCalls))
check(
  'no file is called index.ts',
  src.filter(({ path }) => basename(path) === 'index.ts').map(({ path }) => path),
)
check('files and functions are short, or shrink', oversized())
check('lines are at most 100 wide', sources.flatMap(wideLines))
check('every TODO gives its reason', sources.flatMap(bareTodos))
check('no test is switched off for good, or switches off the others', tests.flatMap(switchedOff))
check('every source file opens with its licence and purpose', src.flatMap(badHeader))

function forbiddenImports({ path, views }: Source): string[] {
  const name = layerOf(path)
  const layer = LAYERS[name]
  if (layer === undefined) return [`${path}: layer ${name} is missing in LAYERS of tidy.test.ts`]
  return importsOf(views)
    .filter((specifier) => !isAllowed(specifier, path, name, layer))
    .map((specifier) => `${path}: ${name} must not import ${specifier}`)
}

/** `core` of `src/core/dht.ts`; of the proxy, each folder is one. */
function layerOf(path: string): string {
  const [, first = '', second = ''] = path.split('/')
  return first === 'proxy' ? `${first}/${second}` : first
}

function isAllowed(specifier: string, path: string, name: string, layer: Layer): boolean {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier)
    const imported = layerOf(target)
    return target.startsWith('src/') && (imported === name || layer.layers.includes(imported))
  }
  if (specifier.startsWith('node:')) return layer.hasNode
  return layer.packages.some((it) => specifier === it || specifier.startsWith(`${it}/`))
}

function impureCalls({ path, views }: Source): string[] {
  if (!/^src\/(?:core|discovery)\//.test(path)) return []
  return matches(path, views.code, BANNED_IN_ENGINES)
}

function oversized(): string[] {
  const measured = measure(sources)
  const recorded = readRatchet()
  const findings = [
    ...overRatchet(measured.files, recorded.files),
    ...overRatchet(measured.functions, recorded.functions),
  ]
  for (const [path, lines] of Object.entries(measured.files)) {
    if (lines > FILE_LINES_HARD)
      findings.push(`${path} has ${lines} lines, limit without exception`)
  }
  return findings
}

function overRatchet(measured: Record<string, number>, recorded: Record<string, number>): string[] {
  const grown = Object.entries(measured)
    .filter(([key, lines]) => lines > (recorded[key] ?? 0))
    .map(([key, lines]) => `${key} has ${lines} lines: shorten it`)
  const stale = Object.keys(recorded)
    .filter((key) => measured[key] === undefined)
    .map((key) => `${key} is short now: npm run tidy:ratchet`)
  return [...grown, ...stale]
}

/** A long word, such as a test vector, may stand out: it cannot be wrapped. */
function wideLines({ path, text, isGenerated }: Source): string[] {
  if (isGenerated) return []
  return text.split('\n').flatMap((line, index) => {
    const isWide = line.length > WIDTH_MAX && !/\S{80}/.test(line)
    return isWide ? [`${path}:${index + 1} is ${line.length} wide`] : []
  })
}

function bareTodos({ path, views }: Source): string[] {
  return matches(path, views.comments, [/\b(?:TODO|FIXME|XXX|HACK)\b(?!\([^)]+\): \S)/])
}

/** A test may skip itself for a reason found at run time, and must say which. */
function switchedOff({ path, views }: Source): string[] {
  return matches(path, views.code, [
    /\b(?:test|it|describe|suite)\.(?:skip|only|todo)\b/,
    /\b(?:only|todo)\s*:/,
    /\bskip\s*:\s*true\b/,
    /\bt\.skip\(\s*\)/,
  ])
}

function badHeader({ path, text }: Source): string[] {
  const lines = text.replace(/^#!.*\n/, '').split('\n')
  if (lines[0] !== '// SPDX-License-Identifier: MIT') return [`${path}: no SPDX line at the top`]
  const end = lines.findIndex((line, index) => index > 0 && !/^\s*(\/\/|\/\*|\*)/.test(line))
  const words = lines.slice(1, end).filter((line) => /\w/.test(line))
  if (words.length >= 1 && words.length <= HEADER_LINES_MAX) return []
  return [
    `${path}: ${words.length} lines say what the file is for, wanted 1 to ${HEADER_LINES_MAX}`,
  ]
}

function matches(path: string, view: string, patterns: readonly RegExp[]): string[] {
  return view.split('\n').flatMap((line, index) => {
    const found = patterns.map((pattern) => pattern.exec(line)?.[0]).find((text) => text)
    return found === undefined ? [] : [`${path}:${index + 1}: ${found.trim()}`]
  })
}
