// SPDX-License-Identifier: MIT
// Commands that start and stop REST proxies over the node.

import { formatProxyUrls } from '../format/proxy-stats.ts'
import { isHostAndPort } from '../options.ts'
import type { OpenProxies, StartedProxy } from '../proxies/proxy-view.ts'
import type { Session } from '../session.ts'
import type { Command, Words } from './command.ts'

export const PROXYING_COMMANDS: readonly Command[] = [
  {
    names: ['pst', 'proxy'],
    usage: 'PORT [PUSH]',
    help: 'serve a REST proxy; PUSH: HOST:PORT of a push server',
    run: (session, words) => start(session, words, 'pst', (it, port, push) => it.start(port, push)),
  },
  {
    names: ['psx', 'proxy-tls'],
    usage: 'PORT [PUSH]',
    help: 'serve a REST proxy with TLS',
    run: (session, words) =>
      start(session, words, 'psx', (it, port, push) => it.startSecure(port, push)),
  },
  {
    names: ['psp', 'proxy-stop'],
    usage: 'PORT',
    help: 'stop the REST proxy on this port',
    run(session, words) {
      const port = takePort(words, 'psp PORT')
      session.track(stop(session, port))
    },
  },
]

type Start = (servers: OpenProxies, port: number, push: string | undefined) => Promise<StartedProxy>

function start(session: Session, words: Words, name: string, begin: Start): void {
  const usage = `${name} PORT [PUSH]`
  const port = takePort(words, usage)
  const push = words.take()
  if (push !== '' && !isHostAndPort(push)) {
    throw new SyntaxError(`Invalid push server: ${push}. Syntax: ${usage}`)
  }
  const open = async (): Promise<void> => {
    const proxy = await begin(await session.proxies.open(), port, push || undefined)
    const { url, dashboardUrl } = proxy
    session.report(formatProxyUrls(proxy), { event: 'proxy', url, dashboardUrl })
  }
  session.track(open())
}

async function stop(session: Session, port: number): Promise<void> {
  const isStopped = await (await session.proxies.open()).stop(port)
  if (isStopped) session.report(`No more proxy on port ${port}`, { event: 'proxy-stopped', port })
  else session.complain(`There is no proxy on port ${port}`)
}

function takePort(words: Words, usage: string): number {
  const word = words.take()
  const port = /^\d{1,5}$/.test(word) ? Number(word) : Number.NaN
  if (port <= 65_535) return port
  throw new SyntaxError(`Invalid port: ${word || 'none'} (0 to 65535). Syntax: ${usage}`)
}
