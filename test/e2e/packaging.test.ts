// SPDX-License-Identifier: MIT
// Container files, manifests and workflows, as far as they can be checked without what runs them:
// they are YAML, what they name is there, and their scripts have no mistake of grammar. That the
// command lines are right is in test/unit/cli/packaging.test.ts, alerts in proxy-docs.test.ts.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'

const ROOT = resolve(import.meta.dirname, '../..')
const isInstalled = existsSync(join(ROOT, 'scripts/site/node_modules/yaml'))
const skip = isInstalled ? false : 'run `npm ci --prefix scripts/site`, which has the parser'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const { scripts, bin } = JSON.parse(read('package.json'))

/** One document; throws for what the parser only warns of, too. */
// biome-ignore lint/suspicious/noExplicitAny: anything may be written there
function parse(path: string): any {
  const { parseDocument } = createRequire(join(ROOT, 'scripts/site/package.json'))('yaml')
  const document = parseDocument(read(path))
  assert.deepEqual([...document.errors, ...document.warnings].map(String), [], path)
  return document.toJS()
}

describe('files for containers', { skip }, () => {
  it('of Compose build what is there and mount what they declare', () => {
    const { services, volumes } = parse('packaging/docker/compose.yaml')
    const { build, command, read_only, volumes: mounts } = services.dhtnode
    const context = join('packaging/docker', build.context)
    assert.ok(existsSync(join(ROOT, context, build.dockerfile)), build.dockerfile)
    assert.ok(existsSync(join(ROOT, context, 'package-lock.json')))
    assert.deepEqual(
      mounts.map((it: string) => it.split(':')[0]),
      Object.keys(volumes),
    )
    assert.ok(read_only && command.split(' ')[0] in bin)
  })

  it('of Docker have instructions that there are, and no root in the end', () => {
    const known = /^(FROM|WORKDIR|COPY|RUN|USER|VOLUME|EXPOSE|STOPSIGNAL|ENTRYPOINT|CMD) /
    const lines = read('packaging/docker/Dockerfile').replace(/\\\n/g, '').split('\n')
    const steps = lines.filter((line) => line !== '' && !line.startsWith('#'))
    for (const step of steps) assert.match(step, known)
    for (const step of steps.filter((it) => it.startsWith('RUN '))) {
      assertShell(step.slice(4), 'Dockerfile')
    }
    const last = steps.slice(steps.findLastIndex((step) => step.startsWith('FROM ')))
    assert.ok(last.includes('USER node'))
    const [entry] = JSON.parse(last.find((it) => it.startsWith('ENTRYPOINT'))!.slice(11))
    assert.ok(entry in bin, entry)
    assert.match(read('.dockerignore'), /^\*\*\/node_modules\ndist$/m)
  })

  it('of Kubernetes agree with each other', () => {
    const service = parse('packaging/kubernetes/service.yaml')
    const { kind, spec } = parse('packaging/kubernetes/statefulset.yaml')
    assert.deepEqual([service.kind, kind], ['Service', 'StatefulSet'])
    assert.equal(spec.serviceName, service.metadata.name)
    const { labels } = spec.template.metadata
    assert.deepEqual(spec.selector.matchLabels, labels)
    assert.deepEqual(service.spec.selector, labels)
    const { affinity, containers, securityContext } = spec.template.spec
    const [rule] = affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution
    assert.deepEqual(rule.labelSelector.matchLabels, labels)
    const [{ args, ports, volumeMounts }] = containers
    const claims = spec.volumeClaimTemplates.map(
      (it: { metadata: { name: string } }) => it.metadata,
    )
    assert.deepEqual(
      volumeMounts.map((it: { name: string }) => it.name),
      claims.map((it: { name: string }) => it.name),
    )
    const at = args.indexOf('-f') + 1
    assert.ok(args[at].startsWith(`${volumeMounts[0].mountPath}/`), 'the state is on the volume')
    assert.equal(`${ports[0].containerPort}`, args[args.indexOf('-p') + 1])
    assert.equal(ports[0].containerPort, service.spec.ports[0].port)
    assert.ok(args.every((it: unknown) => typeof it === 'string'))
    assert.ok(securityContext.runAsNonRoot && securityContext.runAsUser > 0)
  })
})

describe('workflows', { skip }, () => {
  for (const path of globSync('{.github/workflows,packaging/prometheus}/*.yml', { cwd: ROOT })) {
    it(`${path} is well-formed`, () => {
      const { jobs = {} } = parse(path)
      for (const [name, job] of Object.entries<Job>(jobs)) {
        for (const needed of [job.needs ?? []].flat()) assert.ok(needed in jobs, needed)
        const commands = job.steps.flatMap(({ run }) => run ?? [])
        const all = [...commands, ...(job.strategy?.matrix.command ?? [])].join('\n')
        assertShell(all.replace(/\$\{\{.*?\}\}/g, 'x'), `${path}: ${name}`)
        for (const [, script = ''] of all.matchAll(/npm run (?:--silent )?([\w:]+)/g)) {
          assert.ok(script in scripts, `${path} runs ${script}`)
        }
      }
    })
  }
})

interface Job {
  readonly needs?: string | readonly string[]
  readonly steps: readonly { readonly run?: string }[]
  readonly strategy?: { readonly matrix: { readonly command?: readonly string[] } }
}

function assertShell(script: string, where: string): void {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })
  assert.equal(status, 0, `${where}: ${stderr}`)
}
