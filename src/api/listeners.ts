// SPDX-License-Identifier: MIT
// Callbacks of users, always called from a microtask: never from within another call, so that they
// may use the node freely, and what they throw is reported as theirs instead of ending up in ours.

interface Registration<T> {
  notify(value: T): void
  close?: (() => void) | undefined
}

export class Listeners<T> {
  readonly #registrations = new Set<Registration<T>>()

  /**
   * Returns a function that removes the listener. `onClose` is called when there is no more news.
   */
  add(listener: (value: T) => void, onClose?: () => void): () => void {
    const registration = { notify: listener, close: onClose }
    this.#registrations.add(registration)
    return () => void this.#registrations.delete(registration)
  }

  notify(value: T): void {
    for (const registration of this.#registrations) {
      queueMicrotask(() => {
        if (this.#registrations.has(registration)) registration.notify(value)
      })
    }
  }

  /** Removes all listeners, after what was notified before has reached them. */
  close(): void {
    queueMicrotask(() => {
      for (const { close } of this.#registrations) close?.()
      this.#registrations.clear()
    })
  }
}
