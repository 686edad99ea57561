// SPDX-License-Identifier: MIT
// What comes with the package: nothing of it runs when it is installed, everything is fixed by its
// digest, the list of its parts is complete, and an audit fails for vulnerabilities only.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { suite, test } from 'node:test'

interface LockedPackage {
  readonly version: string
  readonly integrity?: string
  readonly dev?: boolean
  readonly peer?: boolean
  readonly hasInstallScript?: boolean
}

const ROOT = resolve(import.meta.dirname, '..')
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>
}
const packages = Object.entries(lock.packages).filter(([path]) => path !== '')

suite('The supply chain', () => {
  test('nothing runs when the package is installed', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      assert.equal(scripts[name], undefined, name)
    }
    const runs = packages.filter(([, it]) => it.hasInstallScript && !it.dev)
    assert.deepEqual(runs, [])
  })

  test('every package is fixed by its digest', () => {
    const loose = packages.filter(([, it]) => !it.integrity?.startsWith('sha512-'))
    assert.deepEqual(
      loose.map(([path]) => path),
      [],
    )
  })

  test('the bill of materials names all that is installed with the package', () => {
    const parameters = ['sbom', '--package-lock-only', '--omit=dev', '--sbom-format=cyclonedx']
    const { stdout, stderr } = spawnSync('npm', parameters, { cwd: ROOT, encoding: 'utf8' })
    assert.match(stdout, /^\{/, stderr)
    const bill = JSON.parse(stdout) as {
      bomFormat: string
      components: { name: string; hashes: unknown[] }[]
    }
    assert.equal(bill.bomFormat, 'CycloneDX')
    const names = new Set(bill.components.map(({ name }) => name))
    const own = packages.filter(([, it]) => !it.dev && !it.peer)
    assert.ok(own.length > 0)
    for (const [path] of own) assert.ok(names.has(path.replace(/^.*node_modules\//, '')), path)
    for (const { name, hashes } of bill.components) assert.ok(hashes.length > 0, name)
  })

  const answers: [what: string, output: string, status: number, text: RegExp][] = [
    ['nothing is known', '{"vulnerabilities":{}}', 0, /no known vulnerabilities/],
    ['there is a critical one', vulnerability('critical'), 1, /noble \(critical\)/],
    ['there is a harmless one', vulnerability('low'), 0, /noble \(low\)/],
    ['the registry has no audits', '{"message":"405 Method"}', 0, /not done, 405 Method/],
    ['there is no network', '', 0, /not done/],
  ]
  for (const [what, output, status, text] of answers) {
    const skip = process.platform === 'win32' && 'the stand-in for npm is a script'
    test(`an audit when ${what}`, { skip }, (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'opendht-audit-'))
      t.after(() => rmSync(folder, { recursive: true }))
      const npm = join(folder, 'npm')
      writeFileSync(npm, `#!/bin/sh\ncat <<'END'\n${output}\nEND\nexit 1\n`)
      chmodSync(npm, 0o755)
      const path = [folder, dirname(process.execPath), process.env['PATH']].join(delimiter)
      const env = { ...process.env, PATH: path }
      const program = join(ROOT, 'scripts/audit.js')
      const result = spawnSync(process.execPath, [program], { env, encoding: 'utf8' })
      assert.equal(result.status, status, result.stdout)
      assert.match(result.stdout, text)
    })
  }
})

function vulnerability(severity: string): string {
  return JSON.stringify({ vulnerabilities: { noble: { name: 'noble', severity } } })
}
