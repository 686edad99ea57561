// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest, suggestion } from '../../../../src/core/util/nearest.ts'

const WORDS = ['bootstrap', 'port', 'persist', 'g', 'get', 'll', 'lr']

test('a word with a letter too many, too few, wrong or swapped is found', () => {
  const meant = { bootstrapp: 'bootstrap', boostrap: 'bootstrap', port: 'port', prot: 'port' }
  for (const [typed, expected] of Object.entries({ ...meant, geet: 'get', lx: 'll' })) {
    assert.equal(nearest(typed, WORDS), expected, typed)
  }
})

test('what is like none is not', () => {
  for (const typed of ['', 'zzz', 'x', 'completely', 'pa', 'toString']) {
    assert.equal(nearest(typed, WORDS), undefined, typed)
  }
  assert.equal(suggestion('zzz', WORDS), '')
  assert.equal(suggestion('prot', WORDS, '--'), '. Did you mean --port?')
})
