// SPDX-License-Identifier: MIT
// Puts a value: text, JSON or bytes, signed by the node if it has an identity.

import { useState } from 'preact/hooks'
import { formatMs } from '../data/format.ts'
import { MAX_PUT_BYTES, type PutInput, putBody } from '../data/put-input.ts'
import { overview } from '../state/live.ts'
import { put } from '../state/watched-key.ts'

const EMPTY: PutInput = {
  content: '',
  form: 'text',
  userType: '',
  valueId: '',
  isPermanent: false,
}

interface Outcome {
  readonly text: string
  readonly isError: boolean
}

export function PutForm({ hash }: { hash: string }) {
  const [input, setInput] = useState(EMPTY)
  const [isSigned, setSigned] = useState(false)
  const [outcome, setOutcome] = useState<Outcome | undefined>(undefined)
  const [isBusy, setBusy] = useState(false)
  const canSign = overview.value?.keyId !== null && overview.value !== undefined
  const change = (part: Partial<PutInput>) => setInput((old) => ({ ...old, ...part }))
  const submit = async (event: Event) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    setOutcome({ text: 'Storing…', isError: false })
    const startedAt = performance.now()
    try {
      const stored = await put(hash, putBody(input), isSigned && canSign)
      const took = formatMs(performance.now() - startedAt)
      setOutcome({ text: `Stored as value ${stored.id} in ${took}`, isError: false })
      change({ content: '' })
    } catch (error) {
      setOutcome({ text: `Not stored: ${(error as Error).message}`, isError: true })
    } finally {
      setBusy(false)
    }
  }
  return (
    <form class="card form" onSubmit={submit}>
      <h2>Put a value</h2>
      <div class="field">
        <label for="put-content">Content, at most {MAX_PUT_BYTES} bytes</label>
        <textarea
          id="put-content"
          value={input.content}
          spellcheck={false}
          onInput={(event) => change({ content: event.currentTarget.value })}
        />
      </div>
      <div class="row">
        <div class="field">
          <label for="put-form">It is</label>
          <select
            id="put-form"
            value={input.form}
            onChange={(event) => change({ form: event.currentTarget.value as PutInput['form'] })}
          >
            <option value="text">text</option>
            <option value="json">JSON</option>
            <option value="hex">hexadecimal bytes</option>
          </select>
        </div>
        <div class="field">
          <label for="put-type">User type, if any</label>
          <input
            id="put-type"
            value={input.userType}
            placeholder="text/plain"
            onInput={(event) => change({ userType: event.currentTarget.value })}
          />
        </div>
        <div class="field">
          <label for="put-id">Value id, else a random one</label>
          <input
            id="put-id"
            inputMode="numeric"
            value={input.valueId}
            onInput={(event) => change({ valueId: event.currentTarget.value })}
          />
        </div>
      </div>
      <div class="row">
        <label class="check">
          <input
            type="checkbox"
            checked={input.isPermanent}
            disabled={isSigned && canSign}
            onChange={(event) => change({ isPermanent: event.currentTarget.checked })}
          />
          renewed for 24 hours
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isSigned && canSign}
            disabled={!canSign}
            onChange={(event) => setSigned(event.currentTarget.checked)}
          />
          signed by the node{canSign ? '' : ', which has no identity'}
        </label>
      </div>
      <div class="row">
        <button type="submit" class="primary" disabled={isBusy}>
          Put
        </button>
        <output class={outcome?.isError === true ? 'error' : 'muted'}>{outcome?.text}</output>
      </div>
    </form>
  )
}
