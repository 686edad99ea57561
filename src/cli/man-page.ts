// SPDX-License-Identifier: MIT
// Manual pages, made from the tables of the tools when the package is built.

import { describeAll } from './commands/registry.ts'
import type { Flag } from './flags.ts'
import { packageVersion } from './help.ts'
import { INFO_FLAGS } from './node-flags.ts'
import { FIRST_STEPS, OVERVIEW_SUMMARY } from './overview.ts'
import type { Tool } from './tool.ts'
import { TOOLS } from './tools/all.ts'

export interface ManPage {
  /** `dhtnode.1`. */
  readonly file: string
  readonly text: string
}

/** One page for each program that is installed. */
export function manPages(): ManPage[] {
  const tools = TOOLS.filter(({ isInternal }) => !isInternal)
  const pages = tools.map((tool) => ({ file: `${tool.name}.1`, text: toolPage(tool) }))
  return [{ file: 'opendht.1', text: overviewPage() }, ...pages]
}

function toolPage(tool: Tool): string {
  const { name, summary, operands, description, notes = [], examples, exitStatuses } = tool
  const usage = operands === undefined ? '' : ` ${italic(operands.usage)}`
  const others = ['opendht', ...TOOLS.filter((it) => !it.isInternal).map((it) => it.name)]
  return page(name, [
    section('NAME', `${text(name)} \\- ${text(summary)}`),
    section('SYNOPSIS', `${bold(name)} [${italic('options')}]${usage}`),
    section('DESCRIPTION', ...paragraphs([...description, ...notes])),
    section('OPTIONS', ...Object.entries(tool.flags).flatMap(([long, flag]) => option(long, flag))),
    ...(name === 'dhtnode' ? [commandSection()] : []),
    section('EXAMPLES', ...examples.flatMap(({ what, command }) => item(what, bold(command)))),
    section(
      'EXIT STATUS',
      ...exitStatuses.flatMap(({ status, meaning }) => item(`${status}`, text(meaning))),
    ),
    section(
      'SEE ALSO',
      others
        .filter((it) => it !== name)
        .map(reference)
        .join(', '),
    ),
  ])
}

function overviewPage(): string {
  const pages = TOOLS.filter((it) => !it.isInternal).map((it) => it.name)
  return page('opendht', [
    section('NAME', `opendht \\- ${text(OVERVIEW_SUMMARY)}`),
    section('SYNOPSIS', `${bold('opendht')} ${italic('TOOL')} [${italic('options')}]`),
    section(
      'DESCRIPTION',
      'Each tool is also a command of its own name, with a manual page of its own.',
      ...TOOLS.flatMap(({ name, summary }) => item(name, text(summary))),
    ),
    section(
      'OPTIONS',
      ...item('help TOOL', text('explain a tool, as TOOL --help does')),
      ...Object.entries<Flag>(INFO_FLAGS).flatMap(([long, flag]) => option(long, flag)),
    ),
    section('EXAMPLES', ...FIRST_STEPS.flatMap(({ what, command }) => item(what, bold(command)))),
    section('SEE ALSO', pages.map(reference).join(', ')),
  ])
}

function page(name: string, sections: readonly string[]): string {
  const title = `.TH ${name.toUpperCase()} 1 "" "opendht ${packageVersion()}" "User Commands"`
  return `${[title, ...sections].join('\n')}\n`
}

function section(title: string, ...lines: string[]): string {
  return [`.SH ${title}`, ...lines].join('\n')
}

function paragraphs(all: readonly string[]): string[] {
  return all.flatMap((it, i) => (i === 0 ? [text(it)] : ['.PP', text(it)]))
}

/** A term and what it means. */
function item(term: string, meaning: string): string[] {
  return ['.TP', bold(term), meaning]
}

function option(name: string, { short, argument, help }: Flag): string[] {
  if (help === undefined) return []
  const names =
    short === undefined ? bold(`--${name}`) : `${bold(`-${short}`)}, ${bold(`--${name}`)}`
  const label = argument === undefined ? names : `${names} ${italic(argument)}`
  return ['.TP', label, text(help.join(' '))]
}

function commandSection(): string {
  const commands = describeAll().flatMap(({ names, usage, help }) => [
    '.TP',
    `${names.map(bold).join(', ')}${usage === '' ? '' : ` ${italic(usage)}`}`,
    text(help),
  ])
  return section('COMMANDS', ...commands)
}

function reference(name: string): string {
  return `${bold(name)}(1)`
}

function bold(words: string): string {
  return `\\fB${text(words)}\\fP`
}

function italic(words: string): string {
  return `\\fI${text(words)}\\fP`
}

/** As it is: hyphens can be copied, and no line begins with what would be a request. */
function text(words: string): string {
  const escaped = words.replaceAll('\\', '\\e').replaceAll('-', '\\-')
  return escaped.replace(/^[.']/, '\\&$&')
}
