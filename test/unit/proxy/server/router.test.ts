// SPDX-License-Identifier: MIT
// From method and path to a route.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { keyFromSegment, keyPath } from '../../../../src/proxy/protocol/paths.ts'
import type { HttpError } from '../../../../src/proxy/server/http-error.ts'
import { Router } from '../../../../src/proxy/server/router.ts'
import { ROUTES } from '../../../../src/proxy/server/routes/all.ts'

const handle = (): void => {}
const route = (line: string) => {
  const [method = '', path = ''] = line.split(' ')
  return { method, path, handle }
}
const LINES = ['GET /', 'GET /node/info', 'GET /:key', 'POST /:key', 'GET /key/:key/listen']

test('finds literal paths before keys, and says what is behind the question mark', () => {
  const router = new Router(LINES.map(route))
  const found = (method: string, target: string): string => {
    const { name, key, search } = router.find(method, target)
    return `${name} ${key ?? 'none'} ${search}`.trim()
  }
  const hello = InfoHash.get('hello')
  assert.equal(found('GET', '/'), 'GET / none')
  assert.equal(found('GET', '/node/info?a=b?c'), 'GET /node/info none a=b?c')
  assert.equal(found('POST', '/hello'), `POST /:key ${hello}`)
  assert.equal(found('GET', '/hel%6Co'), `GET /:key ${hello}`)
  assert.equal(found('GET', '/key/hello/listen?resume='), `GET /key/:key/listen ${hello} resume=`)
})

test('tells unknown paths from unknown methods', () => {
  const router = new Router(LINES.map(route))
  const status = (method: string, target: string): number => {
    try {
      router.find(method, target)
      return 200
    } catch (error) {
      return (error as HttpError).status
    }
  }
  assert.equal(status('POST', '/'), 405)
  assert.equal(status('PUT', '/hello'), 405)
  for (const path of [
    '/key/hello',
    '/key/hello/nothing',
    '/a/b',
    '//',
    '/key/a/listen/b',
    '*',
    'ftp://a/',
  ]) {
    assert.equal(status('GET', path), 404, path)
  }
  assert.equal(status('GET', '/%'), 400)
  assert.throws(() => new Router(['GET /', 'GET /'].map(route)), /Two routes: GET \//)
})

test('a segment is a hash if it begins with one that is not zero, else a text', () => {
  const hash = InfoHash.get('x')
  assert.ok(keyFromSegment(`${hash}`)!.equals(hash))
  assert.ok(keyFromSegment(`${hash}`.toUpperCase())!.equals(hash))
  assert.ok(keyFromSegment(`${hash}and more`)!.equals(hash))
  const zeros = '0'.repeat(40)
  assert.ok(keyFromSegment(zeros)!.equals(InfoHash.get(zeros)))
  assert.ok(keyFromSegment('%C3%A9')!.equals(InfoHash.get('é')))
  assert.equal(keyFromSegment('%C3'), undefined)
  assert.equal(keyPath(hash), `/key/${hash}`)
})

test('pages of other origins may ask for permission wherever they have something to ask', () => {
  // For people and for those who run a proxy.
  const own = ['/metrics', '/api', '/openapi.json', '/key/:key/options']
  const has = (method: string, path: string): boolean =>
    ROUTES.some((it) => it.method === method && it.path === path)
  const paths = ROUTES.map(({ path }) => path).filter((path) => !own.includes(path))
  assert.deepEqual(
    paths.filter((path) => !has('OPTIONS', path)),
    [],
  )
})
