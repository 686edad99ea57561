// SPDX-License-Identifier: MIT
// Entry of the dashboard.

import 'uplot/dist/uPlot.min.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/views.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { startLive } from './state/live.ts'

const root = document.getElementById('app')!
root.textContent = ''
render(<App />, root)
startLive()
