// SPDX-License-Identifier: MIT
// What dhtcluster does with a line: commands of the cluster, and for a node that is selected those
// of dhtnode.

import { suggestion } from '../../core/util/nearest.ts'
import { Words } from '../commands/command.ts'
import { nodeInfo } from '../commands/inspecting.ts'
import { commandNames, execute } from '../commands/registry.ts'
import { toJson } from '../format/json.ts'
import { nodeRecord } from '../format/node-info.ts'
import { completeWord } from '../read-lines.ts'
import type { Output } from '../screen.ts'
import { Session } from '../session.ts'
import { FAILED_STATUS, USAGE_STATUS } from '../tool.ts'
import type { Cluster, ClusterNode } from './cluster.ts'

export interface ShellParts {
  readonly cluster: Cluster
  readonly out: Output
  readonly stop: AbortController
  readonly json: boolean
  readonly maxNodes: number
}

export const OWN_COMMANDS: readonly string[] = [
  'node',
  'resize',
  'll',
  'h',
  'help',
  'x',
  'exit',
  'quit',
]

/** Of nodes that are to be stopped. */
const FINISH_MS = 5000

const HELP = `  node [N]    speak to node N; without N, to the cluster
  resize N    start nodes, or stop the last ones
  ll          all nodes with their ports and what they know
  h, help     this text; with a node selected, its commands
  x           stop all nodes and leave`

export class ClusterShell {
  readonly #parts: ShellParts
  readonly #sessions = new Map<ClusterNode, Session>()
  #selected: number | undefined
  #isLeaving = false
  #status = 0

  constructor(parts: ShellParts) {
    this.#parts = parts
  }

  get prompt(): string {
    return this.#selected === undefined ? '>> ' : `(${this.#selected}) >> `
  }

  get isLeaving(): boolean {
    return this.#isLeaving
  }

  /** With which a script ends: that of its worst command, where a mistake is the worst. */
  get status(): number {
    for (const session of this.sessions) this.#note(session.status)
    return this.#status
  }

  /** What still runs, of all nodes. */
  get sessions(): readonly Session[] {
    return [...this.#sessions.values()]
  }

  complete(line: string): [string[], string] {
    if (/\S\s/.test(line)) return [[], '']
    const others = this.#selected === undefined ? [] : commandNames()
    return completeWord(line, [...new Set([...OWN_COMMANDS, ...others])])
  }

  /** Mistakes of the user, and nodes that cannot start, become one line of output. */
  async read(line: string): Promise<void> {
    const words = new Words(line)
    const command = words.take()
    const selected = this.#selectedSession()
    if (command === '') return
    if (command === 'x' || command === 'exit' || command === 'quit') this.#isLeaving = true
    else if (command === 'node') this.#select(words.take())
    else if (command === 'resize') await this.#tryResize(words.take())
    else if (selected !== undefined) execute(selected, line)
    else if (command === 'll') await this.#list()
    else if (command === 'h' || command === 'help') this.#help()
    else this.#refuse(command)
  }

  #selectedSession(): Session | undefined {
    const node =
      this.#selected === undefined ? undefined : this.#parts.cluster.nodes[this.#selected]
    if (node === undefined) return undefined
    const { out, stop, json } = this.#parts
    const session =
      this.#sessions.get(node) ??
      new Session({
        node: node.runner,
        out,
        log: node.logTarget.log,
        limits: { remoteBytes: -1, localBytes: -1 },
        stop,
        json,
      })
    this.#sessions.set(node, session)
    return session
  }

  #select(text: string): void {
    if (text === '') {
      this.#selected = undefined
      return
    }
    const last = this.#parts.cluster.nodes.length - 1
    const index = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
    if (index <= last) this.#selected = index
    else this.#complain(`Invalid node: ${text} (0 to ${last})`)
  }

  async #tryResize(text: string): Promise<void> {
    try {
      await this.#resize(text)
    } catch (error) {
      this.#note(FAILED_STATUS)
      this.#parts.out.error(error instanceof Error ? error.message : String(error))
    }
  }

  async #resize(text: string): Promise<void> {
    const { cluster, maxNodes } = this.#parts
    const count = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
    if (!(count >= 1 && count <= maxNodes)) {
      return this.#complain(`Invalid number of nodes: ${text || '(none)'} (1 to ${maxNodes})`)
    }
    await this.#finish(cluster.nodes.slice(count))
    await cluster.resize(count)
    if (this.#selected !== undefined && this.#selected >= count) this.#selected = undefined
    for (const [node, session] of this.#sessions) {
      if (cluster.nodes.includes(node)) continue
      this.#note(session.status)
      this.#sessions.delete(node)
    }
  }

  /** Lets nodes that are to be stopped finish what they were told. */
  async #finish(nodes: readonly ClusterNode[]): Promise<void> {
    const sessions = nodes.map((node) => this.#sessions.get(node))
    await Promise.all(sessions.map((session) => session?.waitForOperations(FINISH_MS)))
  }

  async #list(): Promise<void> {
    const { cluster, out, json } = this.#parts
    for (const [index, { runner }] of cluster.nodes.entries()) {
      const info = await nodeInfo(runner)
      const { ipv4, ipv6, storage } = info.stats
      if (json) {
        out.line(toJson({ ...nodeRecord(info), index }))
        continue
      }
      const known = `${ipv4.good} IPv4 and ${ipv6.good} IPv6 nodes, ${storage.values} values`
      out.line(`${String(index).padStart(3)}  ${runner.id}  port ${portOf(runner)}  ${known}`)
    }
  }

  #help(): void {
    const { out, json } = this.#parts
    out.line(json ? toJson({ event: 'help', commands: OWN_COMMANDS }) : HELP)
  }

  #refuse(command: string): void {
    const hint = commandNames().includes(command)
      ? ', but one of a node: select it with node N'
      : suggestion(command, OWN_COMMANDS)
    this.#complain(`Unknown command: ${command}${hint}`)
  }

  #complain(text: string): void {
    this.#note(USAGE_STATUS)
    this.#parts.out.error(text)
  }

  #note(status: number): void {
    if (this.#status !== USAGE_STATUS && status !== 0) this.#status = status
  }
}

function portOf({ port4, port6 }: ClusterNode['runner']): number {
  return port4 ?? port6 ?? 0
}
