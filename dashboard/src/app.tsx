// SPDX-License-Identifier: MIT
// The frame of the page: navigation, the state of the connection, and the chosen view.

import { useEffect, useRef } from 'preact/hooks'
import { Icon } from './parts/icon.tsx'
import { asksForToken, connection, connectionError, overview } from './state/live.ts'
import { hrefOf, route, VIEWS, type ViewName } from './state/route.ts'
import { KeysView } from './views/keys.tsx'
import { LogView } from './views/log.tsx'
import { MetricsView } from './views/metrics.tsx'
import { NetworkView } from './views/network.tsx'
import { OverviewView } from './views/overview.tsx'
import { ReplayView } from './views/replay.tsx'
import { SearchesView } from './views/searches.tsx'
import { SettingsView } from './views/settings.tsx'

const TITLES: Readonly<Record<ViewName, string>> = {
  overview: 'Overview',
  network: 'Network',
  keys: 'Keys',
  searches: 'Searches',
  log: 'Log',
  metrics: 'Metrics',
  replay: 'Replay',
  settings: 'Settings',
}

const VIEW_PARTS: Readonly<Record<ViewName, () => preact.JSX.Element>> = {
  overview: OverviewView,
  network: NetworkView,
  keys: KeysView,
  searches: SearchesView,
  log: LogView,
  metrics: MetricsView,
  replay: ReplayView,
  settings: SettingsView,
}

export function App() {
  const { view } = route.value
  const main = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  useEffect(() => {
    document.title = `${TITLES[view]} – OpenDHT`
    // Who moves by keyboard or ear goes on in the new view.
    if (!isFirst.current) main.current?.focus()
    isFirst.current = false
  }, [view])
  const View = VIEW_PARTS[view]
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <div class="frame">
        <Side view={view} />
        <main class="page" id="main" ref={main} tabIndex={-1}>
          <ConnectionBanner />
          <View key={view} />
        </main>
      </div>
    </>
  )
}

function Side({ view }: { view: ViewName }) {
  return (
    <header class="side">
      <div class="brand">
        <img src="./icon.svg" alt="" />
        OpenDHT
      </div>
      <nav class="nav" aria-label="Views">
        <ul>
          {VIEWS.map((name) => (
            <li key={name}>
              <a href={hrefOf(name)} aria-current={name === view ? 'page' : undefined}>
                <Icon name={name} />
                {TITLES[name]}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <p class="side-foot">
        {overview.value === undefined ? '' : `Version ${overview.value.version}`}
      </p>
    </header>
  )
}

function ConnectionBanner() {
  const state = connection.value
  if (state === 'lost') {
    return (
      <div class="banner bad" role="alert">
        <span>Connection lost: trying again.</span>
        <span class="small">{connectionError.value}</span>
      </div>
    )
  }
  if (state !== 'refused') return null
  return (
    <div class="banner" role="status">
      <span>The proxy does not show its node to this browser.</span>
      <span class="small">{connectionError.value}</span>
      {asksForToken.value && <a href={hrefOf('settings')}>Give a token</a>}
    </div>
  )
}
