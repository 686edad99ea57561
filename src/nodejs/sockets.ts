// SPDX-License-Identifier: MIT
// Opens the sockets of a node: IPv4 and IPv6, on the same port where possible, and with what there
// is on hosts that have only one of them.

import { DhtError } from '../core/errors.ts'
import type { Family } from '../core/id/socket-address.ts'
import { SocketAddress } from '../core/id/socket-address.ts'
import type { SavedPorts } from './state-file.ts'
import type { OpenTransport, Transport, TransportHandler } from './transport.ts'

/** How often another port is tried when one is free for one family only. */
const SHARED_PORT_ATTEMPTS = 8
/** The host has no such addresses at all. */
const ABSENT = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT'])
/** Another program has it, or the system: Windows keeps other ones for itself at each start. */
const TAKEN = new Set(['EADDRINUSE', 'EACCES'])

export interface BindPlan {
  /** 0 lets the system choose. */
  readonly port: number
  readonly sockets: readonly PlannedSocket[]
}

interface PlannedSocket {
  readonly family: Family
  readonly host: string
  /** Go on without it when the host does not have the family. */
  readonly isOptional: boolean
}

/** Checks the options. An address that is named has to be there, "any address" need not. */
export function planSockets(options: {
  port: number
  bind4: string | false | undefined
  bind6: string | false | undefined
}): BindPlan {
  const { port, bind4, bind6 } = options
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
    throw new RangeError(`port must be a whole number of 0 to 65535: got ${port}`)
  }
  const sockets: PlannedSocket[] = []
  if (bind4 !== false) sockets.push(planSocket('bind4', 4, bind4, '0.0.0.0'))
  if (bind6 !== false) sockets.push(planSocket('bind6', 6, bind6, '::'))
  if (sockets.length === 0) throw new RangeError('bind4 and bind6 must not both be false')
  return { port, sockets }
}

function planSocket(
  name: string,
  family: Family,
  host: string | undefined,
  anyAddress: string,
): PlannedSocket {
  if (host === undefined) return { family, host: anyAddress, isOptional: true }
  if (SocketAddress.parse(host, 1)?.family !== family) {
    throw new RangeError(`${name} must be an IPv${family} address or false: got "${host}"`)
  }
  return { family, host, isOptional: false }
}

/**
 * Opens what is planned; with port 0, the saved ports are tried first. Rejects with ERR_DHT_BIND
 * naming port and reason, and then nothing stays open.
 */
export async function openSockets(
  plan: BindPlan,
  saved: SavedPorts | undefined,
  open: OpenTransport,
  handler: TransportHandler,
): Promise<Transport[]> {
  const openAll = (portOf: PortChoice): Promise<Transport[]> =>
    openEach(plan.sockets, portOf, open, handler)
  if (plan.port !== 0) return openAll(() => plan.port)
  const choices: PortChoice[] = []
  if (saved?.port4 !== undefined || saved?.port6 !== undefined) {
    choices.push((family) => (family === 4 ? saved.port4 : saved.port6) ?? 0)
  }
  for (let i = 0; i < SHARED_PORT_ATTEMPTS; i++) {
    choices.push((_family, opened) => opened[0]?.address.port ?? 0)
  }
  for (const choice of choices) {
    try {
      return await openAll(choice)
    } catch (error) {
      if (!isPortTaken(error)) throw error
    }
  }
  return openAll(() => 0)
}

type PortChoice = (family: Family, opened: readonly Transport[]) => number

async function openEach(
  sockets: readonly PlannedSocket[],
  portOf: PortChoice,
  open: OpenTransport,
  handler: TransportHandler,
): Promise<Transport[]> {
  const opened: Transport[] = []
  let absent: DhtError | undefined
  for (const { family, host, isOptional } of sockets) {
    const port = portOf(family, opened)
    try {
      opened.push(await open({ family, host, port }, handler))
    } catch (error) {
      const failure = bindError(host, port, error)
      if (isOptional && ABSENT.has(codeOf(error))) {
        absent ??= failure
        continue
      }
      await Promise.all(opened.map((transport) => transport.close()))
      throw failure
    }
  }
  if (opened.length === 0) throw absent
  return opened
}

function bindError(host: string, port: number, cause: unknown): DhtError {
  const code = codeOf(cause)
  const advice = code === 'EADDRINUSE' ? '. Choose another port, or 0 for any' : ''
  const text = `Cannot bind UDP port ${port} of ${host}: ${code}${advice}`
  return new DhtError('ERR_DHT_BIND', text, { cause })
}

function isPortTaken(error: unknown): boolean {
  return error instanceof DhtError && TAKEN.has(codeOf(error.cause))
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
