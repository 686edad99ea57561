// SPDX-License-Identifier: MIT
// One turn of the host's event loop: by then the queue of microtasks was empty once. Uses what the
// host has, as timers of browsers wait for milliseconds.

interface Host {
  setImmediate?: (callback: () => void) => unknown
}

export function nextTurn(): Promise<void> {
  return new Promise(schedule)
}

const schedule: (callback: () => void) => void = chooseSchedule()

function chooseSchedule(): (callback: () => void) => void {
  const { setImmediate } = globalThis as Host
  if (setImmediate !== undefined) return (callback) => void setImmediate(callback)
  const { port1, port2 } = new MessageChannel()
  const waiting: (() => void)[] = []
  port1.onmessage = () => waiting.shift()?.()
  return (callback) => {
    waiting.push(callback)
    port2.postMessage(undefined)
  }
}
