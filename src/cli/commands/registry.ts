// SPDX-License-Identifier: MIT
// All commands by name, and their help.

import { suggestion } from '../../core/util/nearest.ts'
import { wrap } from '../help.ts'
import type { Session } from '../session.ts'
import { type Command, Words } from './command.ts'
import { CONTROL_COMMANDS } from './control.ts'
import { INDEXING_COMMANDS } from './indexing.ts'
import { INSPECTING_COMMANDS } from './inspecting.ts'
import { LISTENING_COMMANDS } from './listening.ts'
import { PROXY_CLIENT_COMMANDS } from './proxy-client.ts'
import { PROXYING_COMMANDS } from './proxying.ts'
import { READING_COMMANDS } from './reading.ts'
import { SIGNING_COMMANDS } from './signing.ts'
import { WRITING_COMMANDS } from './writing.ts'

export const HELP_HINT = " (type 'h' or 'help' for a list of possible commands)"

const helpCommand: Command = {
  names: ['h', 'help'],
  usage: '[COMMAND]',
  help: 'all commands, or one of them',
  run(session, words) {
    const name = words.take()
    if (name === '') {
      return session.report(helpText(), { event: 'help', commands: describeAll() })
    }
    const command = BY_NAME.get(name)
    if (command === undefined) {
      throw new SyntaxError(`Unknown command: ${name}${suggestion(name, commandNames())}`)
    }
    session.report(describeFully(command), { event: 'help', commands: [textOf(command)] })
  },
}

const GROUPS: readonly { readonly title: string; readonly commands: readonly Command[] }[] = [
  {
    title: 'Values',
    commands: [
      ...WRITING_COMMANDS,
      ...SIGNING_COMMANDS,
      ...READING_COMMANDS,
      ...LISTENING_COMMANDS,
    ],
  },
  { title: 'Indexes', commands: INDEXING_COMMANDS },
  { title: 'State of this node', commands: INSPECTING_COMMANDS },
  { title: 'REST proxies', commands: [...PROXYING_COMMANDS, ...PROXY_CLIENT_COMMANDS] },
  { title: 'Node and program', commands: [...CONTROL_COMMANDS, helpCommand] },
]

const BY_NAME: ReadonlyMap<string, Command> = new Map(
  GROUPS.flatMap(({ commands }) =>
    commands.flatMap((command) => command.names.map((name) => [name, command] as const)),
  ),
)

/** Everything that a line may begin with. */
export function commandNames(): string[] {
  return [...BY_NAME.keys()]
}

export interface CommandText {
  readonly names: readonly string[]
  readonly usage: string
  readonly help: string
}

/** For the help and for the manual. */
export function describeAll(): CommandText[] {
  return GROUPS.flatMap(({ commands }) => commands).map(textOf)
}

function textOf({ names, usage = '', help }: Command): CommandText {
  return { names, usage, help }
}

/** Runs one line of input. Whatever the user mistyped becomes one line of output. */
export function execute(session: Session, line: string): void {
  const words = new Words(line)
  const name = words.take()
  if (name === '') return
  const command = BY_NAME.get(name)
  if (command === undefined) return refuse(session, name)
  try {
    command.run(session, words)
  } catch (error) {
    const isMistake =
      error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError
    if (!isMistake) throw error
    session.complain(error.message)
  }
}

function refuse(session: Session, name: string): void {
  const hint = suggestion(name, commandNames())
  session.refuse(`Unknown command: ${name}${hint}\n${HELP_HINT}`)
}

/** Each with the short one, in lines of a terminal. */
function longerNames(): string {
  const pairs = GROUPS.flatMap(({ commands }) => commands).flatMap(({ names: [name, ...others] }) =>
    others.map((other) => `${other} (${name})`),
  )
  return wrap(`Longer names: ${pairs.join(', ')}.`)
}

const COMMAND_COLUMN = 22

function helpText(): string {
  const groups = GROUPS.map(({ title, commands }) =>
    [`${title}:`, ...commands.map(describeCommand)].join('\n'),
  )
  return `${groups.join('\n\n')}

${longerNames()}

KEY is 40 hexadecimal digits, or any word, which is hashed. KEY-ID is what ll
shows at the recipient: the public key ID, 40 digits, or the long one, 64.
Signing and encrypting need an identity: start with -i. Conditions of WHERE:
id=5,value_type=3,seq=2,user_type=text/plain,owner_pk=<40 hexadecimal digits>`
}

function describeFully({ names, usage = '', help }: Command): string {
  const [name = '', ...others] = names
  const also = others.length === 0 ? '' : `\n  Or: ${others.join(', ')}`
  return `  ${`${name} ${usage}`.trimEnd()}\n  ${help}${also}`
}

function describeCommand({ names, usage, help }: Command): string {
  const [name = ''] = names
  const label = usage === undefined ? name : `${name} ${usage}`
  return `  ${label.padEnd(COMMAND_COLUMN)} ${help}`
}
