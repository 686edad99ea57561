// SPDX-License-Identifier: MIT
// Runs one kind of computation in a thread of its own, for the few that Node.js only offers on the
// event loop. The thread starts with the first input and ends when there is none for a while. A
// thread that cannot start, or ends by itself, is no reason to fail: what it leaves is done here,
// one input per turn of the event loop, and another thread gets what comes later. When that has
// failed too often, all work is done here.

import type { Worker } from 'node:worker_threads'
import { CryptoError } from './errors.ts'
import { nextTurn } from './next-turn.ts'

const IDLE_MS = 10_000
/** The first thread and three in its place. */
const MAX_FAILED = 4

export interface WorkerTaskOptions {
  /** Inputs that may wait or be worked on; more are refused. */
  maxPending: number
  /** Time without an input after which the thread ends, default 10 s. */
  idleMs?: number
}

export interface WorkerTaskStats {
  /** Whether the thread exists. */
  isRunning: boolean
  pending: number
  /** Threads started so far. */
  started: number
  /** Threads that could not start or ended by themselves. */
  failed: number
  /** Inputs that a thread was done with. */
  finished: number
  /** Inputs beyond the limit. */
  refused: number
  /** Inputs that were worked on in the calling thread, because there was no other. */
  here: number
}

interface Job<Input, Output> {
  input: Input
  resolve: (output: Output) => void
  reject: (error: unknown) => void
}

interface Answer<Output> {
  id: number
  output?: Output
  error?: unknown
}

export class WorkerTask<Input, Output> {
  readonly #task: (input: Input) => Output | Promise<Output>
  readonly #maxPending: number
  readonly #idleMs: number
  /** In the thread, by their ids. */
  readonly #jobs = new Map<number, Job<Input, Output>>()
  /** Without a thread; the first one is worked on. */
  readonly #jobsHere: Job<Input, Output>[] = []
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #lastId = 0
  #counts = { started: 0, failed: 0, finished: 0, refused: 0, here: 0 }

  /**
   * `task` is a function whose text is all that it needs: nothing of the module around it exists in
   * the thread, and modules come from `process.getBuiltinModule` or `import()`. So it works from
   * the sources as well as from a bundle.
   */
  constructor(
    task: (input: Input) => Output | Promise<Output>,
    { maxPending, idleMs = IDLE_MS }: WorkerTaskOptions,
  ) {
    this.#task = task
    this.#maxPending = maxPending
    this.#idleMs = idleMs
  }

  get stats(): WorkerTaskStats {
    return { isRunning: this.#worker !== undefined, pending: this.#pending, ...this.#counts }
  }

  get #pending(): number {
    return this.#jobs.size + this.#jobsHere.length
  }

  /** What the task makes of `input`, which must stay as it is. Rejects with what that throws. */
  run(input: Input): Promise<Output> {
    if (this.#pending >= this.#maxPending) {
      this.#counts.refused++
      const problem = `${this.#pending} operations are waiting, expected fewer`
      return Promise.reject(new CryptoError('ERR_CRYPTO_BUSY', `Cannot start: ${problem}`))
    }
    const worker = this.#start()
    if (worker === undefined) {
      return new Promise((resolve, reject) => this.#workHere([{ input, resolve, reject }]))
    }
    clearTimeout(this.#idle)
    worker.ref()
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      worker.postMessage({ id, input })
      this.#jobs.set(id, { input, resolve, reject })
    })
  }

  #start(): Worker | undefined {
    if (this.#worker !== undefined || this.#counts.failed >= MAX_FAILED) return this.#worker
    try {
      const { Worker } = process.getBuiltinModule('node:worker_threads')
      const worker = new Worker(`(${serve})(${this.#task})`, { eval: true, execArgv: [] })
      worker.on('message', (answer: Answer<Output>) => this.#settle(answer))
      for (const event of ['error', 'messageerror', 'exit']) {
        worker.on(event, () => this.#abandon(worker))
      }
      this.#counts.started++
      this.#worker = worker
    } catch {
      // The permission model forbids threads, or the system has none left.
      this.#counts.failed++
    }
    return this.#worker
  }

  #settle({ id, output, error }: Answer<Output>): void {
    const job = this.#jobs.get(id)
    if (job === undefined) return
    this.#jobs.delete(id)
    this.#counts.finished++
    if (error === undefined) job.resolve(output as Output)
    else job.reject(error)
    if (this.#jobs.size > 0) return
    // Only work that somebody waits for keeps the process alive.
    this.#worker?.unref()
    this.#idle = setTimeout(() => this.#stop(), this.#idleMs).unref()
  }

  #stop(): void {
    void this.#worker?.terminate()
    this.#worker = undefined
  }

  #abandon(worker: Worker): void {
    if (worker !== this.#worker) return
    this.#stop()
    this.#counts.failed++
    const jobs = [...this.#jobs.values()]
    this.#jobs.clear()
    this.#workHere(jobs)
  }

  #workHere(jobs: Job<Input, Output>[]): void {
    const isWorking = this.#jobsHere.length > 0
    this.#jobsHere.push(...jobs)
    if (!isWorking) void this.#drain()
  }

  async #drain(): Promise<void> {
    for (let job = this.#jobsHere[0]; job !== undefined; job = this.#jobsHere[0]) {
      await nextTurn()
      this.#counts.here++
      try {
        job.resolve(await this.#task(job.input))
      } catch (error) {
        job.reject(error)
      }
      this.#jobsHere.shift()
    }
  }
}

/** The main function of the thread; self-contained, as the task. */
function serve(task: (input: unknown) => unknown): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads')
  parentPort!.on('message', async ({ id, input }: { id: number; input: unknown }) => {
    try {
      parentPort!.postMessage({ id, output: await task(input) })
    } catch (error) {
      parentPort!.postMessage({ id, error })
    }
  })
}
