// SPDX-License-Identifier: MIT
// The tables of the tools and what is made from them: help, manual pages, completions.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { commandNames } from '../../../src/cli/commands/registry.ts'
import { completionScript } from '../../../src/cli/completion/completion.ts'
import type { Flag } from '../../../src/cli/flags.ts'
import { readArguments, UsageError } from '../../../src/cli/given.ts'
import { helpText } from '../../../src/cli/help.ts'
import { manPages } from '../../../src/cli/man-page.ts'
import { overviewText } from '../../../src/cli/overview.ts'
import type { ProgramStreams, Tool } from '../../../src/cli/tool.ts'
import { findTool, TOOLS } from '../../../src/cli/tools/all.ts'

const ROOT = new URL('../../../', import.meta.url)
const served = ({ flags }: Tool): [string, Flag][] => Object.entries<Flag>(flags)

/** What the tool says about a command line that it refuses. */
async function complaint(name: string, ...args: string[]): Promise<string> {
  const tool = findTool(name)!
  try {
    const given = readArguments(args, tool.flags, tool.operands?.max)
    await tool.run(given, {} as ProgramStreams)
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error))
    return error.message
  }
  throw new Error(`${name} ${args.join(' ')} is not refused`)
}

for (const tool of TOOLS) {
  describe(tool.name, () => {
    test('has a help with every flag and status, which fits a terminal', () => {
      const help = helpText(tool)
      for (const [name] of served(tool)) assert.match(help, new RegExp(`--${name}[ \n]`))
      for (const { status } of tool.exitStatuses) assert.match(help, new RegExp(`\\b${status} `))
      for (const line of help.split('\n')) assert.ok(line.length <= 80, line)
      for (const { command } of tool.examples) assert.ok(help.includes(command), command)
      const command = tool.isInternal ? `opendht ${tool.name}` : tool.name
      assert.match(help, new RegExp(`^Usage: ${command} \\[options\\]`))
      assert.match(help.replaceAll('\n', ' '), /Exit status: 0 .* 2 wrong usage/)
    })

    test('says which flags may be repeated', () => {
      for (const [name, { isRepeated = false, help = [] }] of served(tool)) {
        assert.equal(help.join(' ').includes('may be repeated'), isRepeated, name)
      }
    })

    test('ends its list of flags with those that all tools have', () => {
      const names = served(tool).map(([name]) => name)
      assert.deepEqual(names.slice(-2), ['help', 'version'])
    })

    test('has letters that stand for one flag each', () => {
      const letters = served(tool).flatMap(([, { short }]) => short ?? [])
      assert.deepEqual(letters, [...new Set(letters)])
    })

    test('is in the overview', () => {
      assert.ok(overviewText().includes(`  ${tool.name} `))
      assert.ok(overviewText().includes(tool.summary))
    })
  })
}

describe('manual pages', () => {
  const pages = manPages()
  const manifest = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))

  test('are installed, and so are the programs', () => {
    const files = pages.map(({ file }) => file)
    assert.deepEqual(
      manifest.man,
      files.map((file) => `./dist/man/${file}`),
    )
    const names = files.map((file) => file.replace('.1', ''))
    assert.deepEqual(Object.keys(manifest.bin), names)
    const programs = readdirSync(new URL('src/cli', ROOT))
    for (const name of names) assert.ok(programs.includes(`${name}.ts`), name)
  })

  test('have every flag and command', () => {
    for (const tool of TOOLS) {
      const page = pages.find(({ file }) => file === `${tool.name}.1`)?.text
      assert.equal(page === undefined, tool.isInternal === true)
      for (const [name] of page === undefined ? [] : served(tool)) {
        assert.ok(page!.includes(`\\fB\\-\\-${name.replaceAll('-', '\\-')}\\fP`), name)
      }
    }
    const dhtnode = pages.find(({ file }) => file === 'dhtnode.1')!.text
    for (const name of commandNames()) {
      assert.ok(dhtnode.includes(`\\fB${name.replaceAll('-', '\\-')}\\fP`), name)
    }
  })

  test('of the command that has all tools is complete', () => {
    const page = pages.find(({ file }) => file === 'opendht.1')!.text
    for (const title of ['OPTIONS', 'EXAMPLES', 'SEE ALSO'])
      assert.ok(page.includes(`.SH ${title}\n`))
    for (const flag of ['help', 'version']) assert.ok(page.includes(`\\fB\\-\\-${flag}\\fP`))
    for (const name of Object.keys(manifest.bin)) {
      assert.equal(page.includes(`\\fB${name}\\fP(1)`), name !== 'opendht', name)
    }
  })

  test('hold no request by accident', () => {
    const known = /^\.(TH|SH|TP|PP)( |$)/
    for (const { text } of pages) {
      const requests = text.split('\n').filter((line) => /^[.']/.test(line))
      assert.deepEqual(
        requests.filter((line) => !known.test(line)),
        [],
      )
    }
  })
})

describe('completions', () => {
  test('of all shells know every tool and flag', () => {
    for (const tool of TOOLS) {
      for (const [name] of served(tool)) {
        assert.ok(completionScript('bash', TOOLS).includes(`--${name}`), name)
        assert.ok(completionScript('zsh', TOOLS).includes(`--${name}`), name)
        assert.ok(completionScript('fish', TOOLS).includes(`-l ${name} `), name)
      }
    }
  })

  const hasBash = spawnSync('bash', ['--version']).status === 0
  test('work in bash', { skip: !hasBash && 'bash is not installed' }, () => {
    const complete = (...words: string[]): string[] => {
      const script = `${completionScript('bash', TOOLS)}
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _opendht; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], {
        encoding: 'utf8',
        cwd: ROOT,
      })
      assert.equal(stderr, '')
      return stdout.split('\n').filter((line) => line !== '')
    }
    assert.deepEqual(complete('dhtnode', '--boo'), ['--bootstrap', '--bootstrap-mode'])
    assert.deepEqual(complete('/usr/bin/dhtnode', '--bind'), ['--bind4', '--bind6'])
    assert.deepEqual(complete('opendht', 'dhts'), ['dhtscanner'])
    assert.deepEqual(complete('opendht', 'dhtscanner', '--js'), ['--json'])
    assert.deepEqual(complete('dhtnode', '-l', 'package-l'), ['package-lock.json'])
    assert.deepEqual(complete('dhtnode', '--logfile', '=', 'package-l'), ['package-lock.json'])
    assert.deepEqual(complete('dhtnode', '--push-format', '='), ['4.3', '2.4'])
    assert.deepEqual(complete('dhtnode', '-p', ''), [])
    assert.deepEqual(complete('opendht', 'completion', ''), [
      ...['--help', '-h', '--version', 'bash', 'zsh', 'fish'],
    ])
    assert.deepEqual(complete('opendht', 'nonsense', ''), [])
  })
})

describe('command lines that cannot be meant', () => {
  test('are refused by each tool in one line', async () => {
    const refusals: [args: string[], message: RegExp][] = [
      [['dhtscanner'], /^Which network\? .*-b/],
      [['dhtscanner', '-i'], /^Unknown option: -i$/],
      [['dhtcluster', '--log', 'x'], /^Unknown option: --log\. Did you mean --logfile\?$/],
      [['dhtnode', '--JSON'], /^Unknown option: --JSON\. Did you mean --json\?$/],
      [['dhtchat', 'room'], /^Unexpected argument: room$/],
      [['dhtcluster', '-n', '501'], /^Invalid number of nodes: 501 \(1 to 500\)$/],
      [['dhtcluster', '-p', '65535', '-n', '2'], /^There are no 2 ports from 65535 on$/],
      [['perftest', '--sizes', '2,1'], /^Invalid --sizes: 2,1 \(numbers of 2 to 256/],
      [['perftest', '--parallel', ''], /^Invalid --parallel/],
      [['perftest', '--rounds', '0'], /^Invalid number of rounds: 0 \(1 to 1000000\)$/],
      [['pingpong', '-n', '1'], /^Invalid number of nodes: 1 \(2 to 256\)$/],
      [['durl'], /^Which URL\?$/],
      [['durl', 'ftp://host/'], /^Invalid URL: ftp:/],
      [['durl', 'host'], /^Invalid URL: host/],
      [['durl', 'http://a/', 'http://b/'], /^Unexpected argument: http:\/\/b\/$/],
      [['completion'], /^Which shell\? One of bash, zsh, fish$/],
      [['completion', 'fis'], /^Unknown shell: fis .*Did you mean fish\?$/],
    ]
    for (const [[name, ...args], message] of refusals) {
      assert.match(await complaint(name!, ...args), message)
    }
  })
})
