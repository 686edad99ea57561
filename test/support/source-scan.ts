// SPDX-License-Identifier: MIT
// Reads TypeScript sources for the tidy test: separates code, comments and strings, finds imports
// and measures functions. A scanner and not a parser: it relies on the formatter's layout (a
// function ends at the first line that starts with `}` at the function's own indentation).

/** Three views of one source. All keep its line breaks and columns, with spaces elsewhere. */
export interface SourceViews {
  /** No comments, and the quotes but not the contents of strings. */
  code: string
  /** No comments, with strings. */
  uncommented: string
  comments: string
}

export interface MeasuredFunction {
  name: string
  /** First line, from 1. */
  line: number
  lines: number
}

const TOKENS = [
  /(?<comment>\/\/.*|\/\*[\s\S]*?\*\/)/,
  /(?<string>'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`)/,
  // A slash where an operand is expected starts a regular expression.
  /(?<=(?:[=(,:;!&|?{}[\n]|\breturn)[ \t]*)(?<regex>\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/)/,
]
const TOKEN = new RegExp(TOKENS.map((token) => token.source).join('|'), 'g')

const IMPORT = /\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g

const MODIFIERS = '(?:(?:export|default|public|private|protected|static|override|async)\\s+)*'
const FUNCTION_HEADS = [
  new RegExp(`^(\\s*)${MODIFIERS}function\\s*\\*?\\s*([\\w$]+)`),
  new RegExp(
    `^(\\s*)${MODIFIERS}(?:const|let)\\s+([\\w$]+)\\b.*=\\s*(?:async\\s*)?(?:function\\b|\\()`,
  ),
  new RegExp(`^(\\s*)${MODIFIERS}(?:(?:get|set)\\s+)?\\*?\\s*(#?[\\w$]+|\\[[\\w.]+\\])\\s*[(<]`),
]
const KEYWORDS = new Set([
  'if',
  'for',
  'while',
  'switch',
  'catch',
  'return',
  'super',
  'with',
  'await',
])

export function viewsOf(source: string): SourceViews {
  const views = { code: '', uncommented: '', comments: '' }
  let end = 0
  const add = (text: string, kind: 'code' | 'comment' | 'string'): void => {
    const blank = text.replace(/[^\n]/g, ' ')
    // Placeholders of a template are code.
    const inner = text.slice(1, -1).replace(/\$\{[^}]*\}|[^\n]/g, (part) => {
      return part.length > 1 ? part : ' '
    })
    const hollow = `${text[0]}${inner}${text.at(-1)}`
    views.code += kind === 'code' ? text : kind === 'string' ? hollow : blank
    views.uncommented += kind === 'comment' ? blank : text
    views.comments += kind === 'comment' ? text : blank
  }
  for (const match of source.matchAll(TOKEN)) {
    add(source.slice(end, match.index), 'code')
    add(match[0], match.groups?.['comment'] === undefined ? 'string' : 'comment')
    end = match.index + match[0].length
  }
  add(source.slice(end), 'code')
  return views
}

/** The specifiers of static and dynamic imports and of re-exports. */
export function importsOf(views: SourceViews): string[] {
  return [...views.uncommented.matchAll(IMPORT)].map((match) => match[1] ?? '')
}

/** Named functions and methods, and arrow functions kept in a variable, with their bodies. */
export function functionsOf(views: SourceViews): MeasuredFunction[] {
  const lines = views.code.split('\n')
  const found: MeasuredFunction[] = []
  for (const [index, line] of lines.entries()) {
    const head = FUNCTION_HEADS.map((pattern) => pattern.exec(line)).find((match) => match !== null)
    const [, indentation = '', name = ''] = head ?? []
    if (name === '' || KEYWORDS.has(name)) continue
    const body = bodyStart(lines, index, indentation)
    if (body === undefined) continue
    const last = lines.findIndex((text, at) => at > body && text.startsWith(`${indentation}}`))
    if (last > 0) found.push({ name, line: index + 1, lines: last - index + 1 })
  }
  return found
}

/** The line that opens the body: the head itself, or the line that closes its parameters. */
function bodyStart(lines: string[], head: number, indentation: string): number | undefined {
  const opens = (at: number): boolean => lines[at]?.trimEnd().endsWith('{') === true
  const text = lines[head]?.trimEnd() ?? ''
  const isWrapped = /[(<[]$/.test(text)
  if (!isWrapped) return opens(head) ? head : undefined
  for (let at = head + 1; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line.trim() === '' || line.startsWith(`${indentation} `)) continue
    // `>(` closes type parameters and opens the parameters.
    if (/[(<[]$/.test(line.trimEnd())) continue
    return opens(at) ? at : undefined
  }
  return undefined
}
