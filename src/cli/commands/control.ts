// SPDX-License-Identifier: MIT
// Commands about the node and the program themselves: joining, logging, the end.

import { isHostAndPort } from '../options.ts'
import { type Command, takeHash } from './command.ts'

const bootstrapCommand: Command = {
  names: ['b', 'bootstrap'],
  usage: 'HOST[:PORT]',
  help: 'join the network of this node',
  run(session, words) {
    const host = words.take()
    if (host === '') throw new SyntaxError('No service provided. Syntax: b HOST[:PORT]')
    if (!isHostAndPort(host)) {
      throw new SyntaxError(`Invalid host: ${host}. Syntax: b HOST[:PORT]`)
    }
    session.node.bootstrap(host)
  },
}

const connectivityCommand: Command = {
  names: ['cc'],
  help: 'the network connection of this host changed: look again',
  run: (session) => session.node.connectivityChanged(),
}

const logCommand: Command = {
  names: ['log'],
  usage: '[HASH]',
  help: 'log on or off; with a hash, on for the lines about it',
  run(session, words) {
    const hash = takeHash(words)
    if (hash === undefined) session.log.toggle()
    else session.log.showOnly(hash)
    const about = hash === undefined ? '' : ` for lines about ${hash}`
    session.note(`Logging is ${session.log.isOn ? 'on' : 'off'}${about}`)
  },
}

const exitCommand: Command = {
  names: ['x', 'exit', 'quit'],
  help: 'stop the node and leave',
  run: (session) => session.leave(),
}

export const CONTROL_COMMANDS: readonly Command[] = [
  bootstrapCommand,
  connectivityCommand,
  logCommand,
  exitCommand,
]
