// SPDX-License-Identifier: MIT
// `npm run docs`: all texts of the project and the reference of what the package exports as static
// pages in site/, or in --out=DIR. The reference is made of the declarations in dist/, which the
// compiler makes of the sources. Installs what it needs beside this file the first time; else no
// network. Prints warnings, and fails when there are any: links that lead nowhere, for instance.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const HERE = import.meta.dirname
const ROOT = resolve(HERE, '../..')
const TEXTS = [
  'docs/README.md',
  'docs/guides/*.md',
  'docs/[a-z]*.md',
  'examples/*/README.md',
  'packaging/README.md',
  'python/README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
]

const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'site') } } })
if (!existsSync(join(HERE, 'node_modules'))) install()
const { Application, ReflectionKind } = await import('typedoc')

const { exports, name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
/** Names that programs import, by the file with the declarations; the first where two share it. */
const modules = new Map()
for (const [path, { types }] of Object.entries(exports)) {
  const file = types === undefined ? undefined : join(ROOT, types)
  if (file !== undefined && !modules.has(file)) modules.set(file, path.replace('.', name))
}

const app = await Application.bootstrap({
  name: `${name} ${version}`,
  entryPoints: [...modules.keys()],
  tsconfig: join(HERE, 'tsconfig.json'),
  basePath: ROOT,
  readme: join(ROOT, 'README.md'),
  projectDocuments: TEXTS.map((it) => join(ROOT, it)),
  out: resolve(values.out),
  // The compiler has checked what it made, and the repository may have no address.
  skipErrorChecking: true,
  disableSources: true,
  excludePrivate: true,
  hideGenerator: true,
  highlightLanguages: ['typescript', 'javascript', 'shellscript', 'json', 'html', 'python', 'yaml'],
  ignoredHighlightLanguages: ['hex'],
  validation: { notExported: false, invalidLink: true, rewrittenLink: true },
})
const project = await app.convert()
if (project === undefined) throw new Error('The declarations cannot be read: npm run build')
for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
  module.name = modules.get(join(ROOT, `${module.name}.d.ts`)) ?? module.name
}
for (const text of project.documents ?? []) {
  const path = project.files.getReflectionPath(text)
  text.name = titleOf(path)
}
app.validate(project)
await app.generateOutputs(project)
if (app.logger.errorCount + app.logger.warningCount > 0) process.exitCode = 1

/** Of the first heading; files are called README too often. */
function titleOf(path) {
  const title = /^# (.*)$/m.exec(readFileSync(path, 'utf8'))?.[1]
  if (title === undefined) throw new Error(`${relative(ROOT, path)} has no heading`)
  return title
}

function install() {
  const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', options, { cwd: HERE, stdio: 'inherit' })
  if (status !== 0) throw new Error('npm ci failed in scripts/site')
}
