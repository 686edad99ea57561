// SPDX-License-Identifier: MIT
// Appearance, the token, and what may be done to the node with it.

import { useState } from 'preact/hooks'
import { Choice, Head } from '../parts/basics.tsx'
import { asksForToken, connection, overview } from '../state/live.ts'
import {
  LONG_TIMEOUT_MS,
  RequestError,
  request,
  requestJson,
  token,
  within,
} from '../state/server.ts'
import { chooseTheme, theme } from '../state/theme.ts'

export function SettingsView() {
  return (
    <>
      <Head title="Settings" />
      <div class="grid">
        <section class="card form">
          <h2>Appearance</h2>
          <Choice
            label="Appearance"
            chosen={theme.value}
            onChoose={chooseTheme}
            options={[
              { value: 'auto', text: 'As the system' },
              { value: 'light', text: 'Light' },
              { value: 'dark', text: 'Dark' },
            ]}
          />
        </section>
        <TokenCard />
        <AdminCard />
      </div>
    </>
  )
}

function TokenCard() {
  const [text, setText] = useState(token.value)
  const take = (event: Event) => {
    event.preventDefault()
    token.value = text.trim()
  }
  const state = connection.value
  const isNone = overview.value?.hasAdmin === false || (state === 'refused' && !asksForToken.value)
  return (
    <form class="card form" onSubmit={take}>
      <h2>Token</h2>
      <p class="muted small">
        {isNone
          ? 'This proxy has none. Who runs it may start it with --dashboard-token FILE.'
          : 'Whoever runs the proxy chose it. This page forgets it when it is closed.'}
      </p>
      <div class="row">
        <div class="field grow">
          <label for="token">Dashboard token</label>
          <input
            id="token"
            type="password"
            autocomplete="off"
            value={text}
            disabled={isNone}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </div>
        <button type="submit" class="primary" disabled={isNone}>
          Use
        </button>
      </div>
      <output class="muted small">
        {state === 'refused' && token.value !== '' && 'The proxy does not accept it.'}
        {state === 'live' && token.value !== '' && 'In use.'}
      </output>
    </form>
  )
}

function AdminCard() {
  const [hosts, setHosts] = useState('')
  const [result, setResult] = useState<{ text: string; isError: boolean } | undefined>(undefined)
  const hasAdmin = overview.value?.hasAdmin ?? false
  const run = async (action: () => Promise<string>) => {
    setResult({ text: 'Working…', isError: false })
    try {
      setResult({ text: await action(), isError: false })
    } catch (error) {
      const text = error instanceof RequestError ? error.message : String(error)
      setResult({ text, isError: true })
    }
  }
  const bootstrap = (event: Event) => {
    event.preventDefault()
    const list = hosts.split(/[\s,]+/).filter((it) => it !== '')
    return run(async () => {
      const body = JSON.stringify({ hosts: list })
      await requestJson('admin/bootstrap', { method: 'POST', body, isPrivate: true })
      return `Contacting ${list.join(', ')}`
    })
  }
  const changed = () =>
    run(async () => {
      await requestJson('admin/connectivity-changed', { method: 'POST', isPrivate: true })
      return 'The node confirms its peers anew'
    })
  return (
    <section class="card form">
      <h2>Actions on the node</h2>
      {!hasAdmin && (
        <p class="muted small">Off: the proxy was started without a dashboard token.</p>
      )}
      {hasAdmin && token.value === '' && (
        <p class="muted small">They take the token: give it first.</p>
      )}
      <form class="row" onSubmit={bootstrap}>
        <div class="field grow">
          <label for="hosts">Join the network through</label>
          <input
            id="hosts"
            placeholder="host:port, host:port"
            value={hosts}
            disabled={!hasAdmin}
            onInput={(event) => setHosts(event.currentTarget.value)}
          />
        </div>
        <button type="submit" disabled={!hasAdmin || hosts.trim() === ''}>
          Bootstrap
        </button>
      </form>
      <div class="buttons">
        <button type="button" disabled={!hasAdmin} onClick={changed}>
          Connectivity changed
        </button>
        <button
          type="button"
          disabled={!hasAdmin}
          onClick={() => run(() => save('admin/export-nodes', 'opendht-nodes.json'))}
        >
          Export peers
        </button>
        <button
          type="button"
          disabled={!hasAdmin}
          onClick={() => run(() => save('admin/export-values', 'opendht-values.bin'))}
        >
          Export values
        </button>
      </div>
      <output class={result?.isError === true ? 'error' : 'muted'}>{result?.text}</output>
    </section>
  )
}

async function save(path: string, name: string): Promise<string> {
  const blob = await within(LONG_TIMEOUT_MS, undefined, async (signal) => {
    const response = await request(path, { isPrivate: true, signal })
    return response.blob()
  })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  return `Saved as ${name}`
}
