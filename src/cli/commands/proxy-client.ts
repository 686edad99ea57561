// SPDX-License-Identifier: MIT
// Commands that make the node work through REST proxies, and through its sockets again.

import { checkedUrl } from '../proxies/proxy-client-options.ts'
import type { Session } from '../session.ts'
import type { Command } from './command.ts'

const useCommand: Command = {
  names: ['stt', 'proxy-use'],
  usage: 'URL ...',
  help: 'work through a REST proxy; of several, one that works',
  run(session, words) {
    const urls = words.takeRest().split(/\s+/).filter(Boolean)
    if (urls.length === 0) throw new SyntaxError('No proxy given. Syntax: stt URL ...')
    session.track(use(session, urls.map(toUrl)))
  },
}

const leaveCommand: Command = {
  names: ['stp', 'proxy-leave'],
  help: 'work through the sockets of this node again',
  run: (session) => session.track(leave(session)),
}

const notifyCommand: Command = {
  names: ['rp'],
  usage: 'NAME=VALUE ...',
  help: 'act as if this push notification had come',
  run(session, words) {
    const fields = words.takeRest().split(/\s+/).filter(Boolean).map(toField)
    if (fields.length === 0) throw new SyntaxError('No data given. Syntax: rp NAME=VALUE ...')
    session.track(notify(session, Object.fromEntries(fields)))
  },
}

export const PROXY_CLIENT_COMMANDS: readonly Command[] = [useCommand, leaveCommand, notifyCommand]

async function use(session: Session, urls: readonly string[]): Promise<void> {
  await session.node.enableProxy(urls)
  const text = `Working through the REST proxy ${urls.join(', or ')}`
  session.report(text, { event: 'proxy-client', urls })
}

async function leave(session: Session): Promise<void> {
  await session.node.enableProxy(undefined)
  session.report('Working through the sockets of this node', { event: 'proxy-client', urls: [] })
}

async function notify(session: Session, data: Record<string, string>): Promise<void> {
  const result = await session.node.pushNotificationReceived(data)
  session.report(`Notification: ${result}`, { event: 'notification', result })
}

function toUrl(text: string): string {
  try {
    return checkedUrl(text)
  } catch (error) {
    throw new SyntaxError((error as Error).message)
  }
}

/** What has no name is what OpenDHT's tool takes: a token. */
function toField(word: string): [name: string, value: string] {
  const at = word.indexOf('=')
  return at < 0 ? ['token', word] : [word.slice(0, at), word.slice(at + 1)]
}
