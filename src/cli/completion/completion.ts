// SPDX-License-Identifier: MIT
// The completion scripts, made from the tables of the tools. They are complete as they are: the
// shell does not run a tool to complete it.

import type { Tool } from '../tool.ts'
import { type Argument, type FlagWord, flagWords } from './words.ts'

export function completionScript(shell: 'bash' | 'zsh' | 'fish', tools: readonly Tool[]): string {
  if (shell === 'bash') return bashScript(tools)
  return shell === 'zsh' ? zshScript(tools) : fishScript(tools)
}

const ALL = 'opendht'

function commandNames(tools: readonly Tool[]): string[] {
  return [ALL, ...tools.filter((it) => !it.isInternal).map((it) => it.name)]
}

function bashScript(tools: readonly Tool[]): string {
  const cases = tools.map((tool) => {
    const flags = flagWords(tool)
    const words = flags.flatMap(({ long, short }) => (short ? [long, short] : [long]))
    const operands = tool.operands?.choices ?? []
    const behind = flags.flatMap(bashArgument)
    return `    ${tool.name})
      words='${[...words, ...operands].join(' ')}'
      case $before in
${[...behind, "        *) kind='' ;;"].join('\n')}
      esac ;;`
  })
  const names = tools.map((it) => it.name).join(' ')
  return `# Tab completion of OpenDHT's tools for bash.
_opendht() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  local tool=\${COMP_WORDS[0]##*/} words='' kind=''
  # --flag=value is three words.
  [[ $before == '=' ]] && before=\${COMP_WORDS[COMP_CWORD-2]}
  [[ $current == '=' ]] && current=''
  if [[ $tool == ${ALL} ]]; then
    if (( COMP_CWORD == 1 )); then
      COMPREPLY=($(compgen -W '${names} --help --version' -- "$current"))
      return
    fi
    tool=\${COMP_WORDS[1]}
  fi
  case $tool in
${cases.join('\n')}
  esac
  case $kind in
    file) COMPREPLY=($(compgen -f -- "$current")) ;;
    host) COMPREPLY=($(compgen -A hostname -- "$current")) ;;
    any) COMPREPLY=() ;;
    ?*) COMPREPLY=($(compgen -W "$kind" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
  esac
}
complete -o filenames -F _opendht ${commandNames(tools).join(' ')}
`
}

function bashArgument({ long, short, argument }: FlagWord): string[] {
  if (argument === undefined) return []
  const kind = argument.kind === 'choice' ? argument.choices.join(' ') : argument.kind
  return [`        ${short ? `${long}|${short}` : long}) kind='${kind}' ;;`]
}

function zshScript(tools: readonly Tool[]): string {
  const functions = tools.map((tool) => {
    const specs = flagWords(tool).map(zshSpec)
    const { operands } = tool
    if (operands !== undefined) {
      const action = operands.choices === undefined ? ' ' : `(${operands.choices.join(' ')})`
      specs.push(`'1:${zshText(operands.usage)}:${action}'`)
    }
    return `_opendht_${tool.name}() {\n  _arguments -s \\\n    ${specs.join(' \\\n    ')}\n}`
  })
  const described = tools.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`)
  return `#compdef ${commandNames(tools).join(' ')}
# Tab completion of OpenDHT's tools for zsh.
${functions.join('\n')}
_opendht() {
  local tool=\${service:t}
  local -a tools=(
${described.join('\n')}
  )
  if [[ $tool == ${ALL} ]]; then
    if (( CURRENT == 2 )); then
      _describe tool tools
      return
    fi
    tool=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  (( $+functions[_opendht_$tool] )) && _opendht_$tool
}
compdef _opendht ${commandNames(tools).join(' ')}
`
}

function zshSpec({ long, short, help, argument, isRepeated }: FlagWord): string {
  // With an equals sign the argument may be behind one, or be the next word.
  const name = argument === undefined ? long : `${long}=`
  const names = short === undefined ? name : `'{${short},${name}}'`
  const text = `[${zshText(help)}]${argument === undefined ? '' : zshArgument(argument)}`
  return `'${isRepeated ? '*' : ''}${names}${text}'`.replace(/^''/, '')
}

function zshArgument(argument: Argument): string {
  const name = zshText(argument.name)
  if (argument.kind === 'choice') return `:${name}:(${argument.choices.join(' ')})`
  if (argument.kind === 'any') return `:${name}: `
  return `:${name}:${argument.kind === 'file' ? '_files' : '_hosts'}`
}

function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''")
}

function fishScript(tools: readonly Tool[]): string {
  const [first] = tools
  const none = `__fish_use_subcommand`
  const lines = tools.flatMap((tool) => {
    const { name, summary } = tool
    const here = [`complete -c ${ALL} -f -n ${none} -a ${name} -d ${fishText(summary)}`]
    const heads = [`complete -c ${ALL} -n '__fish_seen_subcommand_from ${name}'`]
    if (!tool.isInternal) heads.push(`complete -c ${name}`)
    for (const head of heads) {
      here.push(...flagWords(tool).map((flag) => `${head} ${fishFlag(flag)}`))
      const choices = tool.operands?.choices
      if (choices !== undefined) here.push(`${head} -f -a '${choices.join(' ')}'`)
    }
    return here
  })
  const title = `# Tab completion of OpenDHT's tools (${first?.name} and others) for fish.`
  return `${[title, ...lines].join('\n')}\n`
}

function fishFlag({ long, short, help, argument }: FlagWord): string {
  const name = `-l ${long.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}`
  return `${name}${argument === undefined ? ' -f' : fishArgument(argument)} -d ${fishText(help)}`
}

function fishArgument(argument: Argument): string {
  if (argument.kind === 'file') return ' -r -F'
  if (argument.kind === 'host') return " -x -a '(__fish_print_hostnames)'"
  return argument.kind === 'choice' ? ` -x -a '${argument.choices.join(' ')}'` : ' -x'
}

function fishText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
