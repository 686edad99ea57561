// SPDX-License-Identifier: MIT
// Why datagrams of peers were dropped.

/** All of them count up only. */
export interface DropCounters {
  martian: number
  blocked: number
  /** Unread, since their source sent too much before that was of no use. */
  flooding: number
  malformed: number
  otherNetwork: number
  noSender: number
  /** With the id of this node: its own datagrams that came back, or somebody with the same id. */
  ownId: number
  rateLimited: number
  /** Requests of peers, while a limit of bytes per second was used up. */
  overBudget: number
  /** Answers whose sender is not the one that was asked, listens in the name of another node. */
  unexpected: number
  /** Our own bugs: exceptions that were not WireError. Always 0, or report it. */
  internal: number
}

export function newDropCounters(): DropCounters {
  return {
    martian: 0,
    blocked: 0,
    flooding: 0,
    malformed: 0,
    otherNetwork: 0,
    noSender: 0,
    ownId: 0,
    rateLimited: 0,
    overBudget: 0,
    unexpected: 0,
    internal: 0,
  }
}
