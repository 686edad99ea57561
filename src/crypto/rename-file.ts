// SPDX-License-Identifier: MIT
// Renames a file to the place of another one, for files that are written whole or not at all. On
// Windows that fails while any program has one of the two open, and scanners open what is new.

import { rename } from 'node:fs/promises'

const HELD: ReadonlySet<string | undefined> = new Set(['EACCES', 'EBUSY', 'EPERM'])
/** Two seconds in all, as long as a scanner may take for a small file. */
const PAUSES_MS = [10, 20, 50, 100, 200, 400, 600, 600]

/** Rejects with the error of the system. */
export async function renameFile(from: string, to: string): Promise<void> {
  for (const pauseMs of process.platform === 'win32' ? PAUSES_MS : []) {
    try {
      return await rename(from, to)
    } catch (error) {
      if (!HELD.has((error as NodeJS.ErrnoException).code)) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
  return rename(from, to)
}
