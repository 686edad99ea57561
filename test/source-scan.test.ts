// SPDX-License-Identifier: MIT
// The scanner behind the tidy test, on small literals.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { functionsOf, importsOf, viewsOf } from './support/source-scan.ts'

const SAMPLE = `import { a } from './a.ts' // from './not.ts'
export type { B } from '../b.ts'

/* function inComment() {
} */
export function plain(x: number): void {
  if (x > 1) {
    log('} not the end {')
  }
}

class Thing {
  readonly field = { a: 1 }

  static async method<T>(
    first: T,
    second: { deep: string },
  ): Promise<T> {
    const inner = (y: number): number => {
      return y / 2
    }
    return await import('./late.ts')
  }

  get #size(): number {
    return \`
}
\`.length
  }

  declared(value: string): void
}

interface Shape {
  area(scale: number): number
}
const short = (x: number) => x
`

test('functions are measured from their head to their closing brace', () => {
  const found = functionsOf(viewsOf(SAMPLE)).map(({ name, line, lines }) => [name, line, lines])
  assert.deepEqual(found, [
    ['plain', 6, 5],
    ['method', 15, 9],
    ['inner', 19, 3],
    ['#size', 25, 5],
  ])
})

test('imports in comments do not count, dynamic ones do', () => {
  assert.deepEqual(importsOf(viewsOf(SAMPLE)), ['./a.ts', '../b.ts', './late.ts'])
})

test('the views keep the position of everything', () => {
  const { code, uncommented, comments } = viewsOf(`a('x//y') // it's \`odd\`\nb(/['"]/, c / d)`)
  assert.equal(code, `a('    ')              \nb(/    /, c / d)`)
  assert.equal(uncommented, `a('x//y')              \nb(/['"]/, c / d)`)
  assert.equal(comments, `          // it's \`odd\`\n${' '.repeat(16)}`)
})

test('placeholders of a template are code, also in a template inside a template', () => {
  const place = '$'
  const { code } = viewsOf(`f(\`a ${place}{Date.now()} b ${place}{g(\`c\`)} d\`)\nMath.random()`)
  assert.match(code, /Date\.now\(\).*\n.*Math\.random\(\)/)
})
