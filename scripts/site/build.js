// SPDX-License-Identifier: MIT
// `npm run docs`: all texts of the project and the reference of what the package exports as static
// pages in site/, or in --out=DIR. The reference is made of the declarations in dist/, which the
// compiler makes of the sources. Installs what it needs beside this file the first time; else no
// network. Prints warnings, and fails when there are any: links that lead nowhere, exports of which
// nothing is said. A type is explained by its comment, or by the header of the file named after it; a
// module by that of its entry.

import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const HERE = import.meta.dirname
const ROOT = resolve(HERE, '../..')
const GUIDES = [
  ...['first-node', 'private-network', 'production', 'push', 'python', 'browser', 'simulating'],
  ...['migrating', 'troubleshooting'],
]
/** In the order of the table of contents there, by group. */
const TEXTS = {
  Guides: ['docs/README.md', ...GUIDES.map((name) => `docs/guides/${name}.md`)],
  Topics: ['docs/[a-z]*.md', 'packaging/README.md', 'python/README.md'],
  Examples: ['examples/*/README.md'],
  Project: ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
}
const EXPLAINED = ['Class', 'Interface', 'TypeAlias', 'Variable']

const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'site') } } })
if (!existsSync(join(HERE, 'node_modules'))) install()
const { Application, Comment, Converter, ReflectionGroup, ReflectionKind } = await import('typedoc')

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
  projectDocuments: Object.values(TEXTS)
    .flat()
    .map((it) => join(ROOT, it)),
  navigation: { includeGroups: true },
  out: resolve(values.out),
  customCss: join(HERE, 'site.css'),
  // The compiler has checked what it made, and the repository may have no address.
  skipErrorChecking: true,
  disableSources: true,
  excludePrivate: true,
  hideGenerator: true,
  highlightLanguages: ['typescript', 'javascript', 'shellscript', 'json', 'html', 'python', 'yaml'],
  ignoredHighlightLanguages: ['hex'],
  requiredToBeDocumented: EXPLAINED,
  validation: { notExported: false, notDocumented: true, invalidLink: true, rewrittenLink: true },
})
app.converter.on(Converter.EVENT_CREATE_DECLARATION, explain)
const project = await app.convert()
if (project === undefined) throw new Error('The declarations cannot be read: npm run build')
for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
  module.comment = new Comment([{ kind: 'text', text: headerOf(join(ROOT, `${module.name}.d.ts`)) }])
  module.name = modules.get(join(ROOT, `${module.name}.d.ts`)) ?? module.name
}
const texts = new Map(project.documents.map((it) => [project.files.getReflectionPath(it), it]))
for (const [path, text] of texts) text.name = titleOf(path)
const others = project.groups.filter(({ title }) => title !== 'Documents')
for (const { children } of others) children.sort((a, b) => (a.name < b.name ? -1 : 1))
project.groups = [
  ...Object.entries(TEXTS).map(([title, patterns]) => groupOf(title, patterns)),
  ...others,
]
app.validate(project)
await app.generateOutputs(project)
if (app.logger.errorCount + app.logger.warningCount > 0) process.exitCode = 1

/** In the order of the patterns, which is lost otherwise. */
function groupOf(title, patterns) {
  const group = new ReflectionGroup(title, project)
  const paths = patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }).sort())
  group.children = paths.map((path) => texts.get(join(ROOT, path)))
  return group
}

/** Says what a type is that has no comment of its own, with the header of its file. */
function explain(context, reflection) {
  const symbol = context.getSymbolFromReflection(reflection)
  const file = symbol?.declarations?.[0]?.getSourceFile().fileName ?? ''
  const name = reflection.name.replace(/(?<=.)(?=[A-Z])/g, '-').toLowerCase()
  if (reflection.comment?.summary.length > 0 || basename(file) !== `${name}.d.ts`) return
  const summary = [{ kind: 'text', text: headerOf(file) }]
  if (reflection.comment === undefined) reflection.comment = new Comment(summary)
  else reflection.comment.summary = summary
}

/** What the source says that `declarations` were made of, at its beginning. */
function headerOf(declarations) {
  const path = relative(join(ROOT, 'dist'), declarations).replace('.d.ts', '.ts')
  const [header] = readFileSync(join(ROOT, 'src', path), 'utf8').split('\n\n')
  return header.replace(/^\/\/ SPDX.*\n/, '').replace(/^\/\/ ?/gm, '')
}

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
