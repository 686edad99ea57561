// SPDX-License-Identifier: MIT
// What the rest of a server knows of push notifications.

/** Notifications that were sent, by priority. */
export type PushCounts = {
  readonly highPriorityCount: number
  readonly normalPriorityCount: number
}

export interface Pushes {
  readonly counts: {
    /** Distinct push keys. */
    readonly listeners: number
    readonly android: PushCounts
    readonly ios: PushCounts
    readonly unified: PushCounts
  }
  close(): Promise<void>
}
