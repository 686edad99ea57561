// SPDX-License-Identifier: MIT
// Light or dark: as the system has it, until somebody chooses.

import { effect, signal } from '@preact/signals'

export type Theme = 'auto' | 'light' | 'dark'

const STORED = 'opendht-theme'
const darkSystem = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = signal(darkSystem.matches)

export const theme = signal<Theme>(storedTheme())

export function isDark(): boolean {
  return theme.value === 'dark' || (theme.value === 'auto' && systemIsDark.value)
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen
  try {
    localStorage.setItem(STORED, chosen)
  } catch {
    // Storage is off: the choice holds for this visit.
  }
}

darkSystem.addEventListener('change', () => {
  systemIsDark.value = darkSystem.matches
})

effect(() => {
  document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light'
})

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(STORED)
    return stored === 'light' || stored === 'dark' ? stored : 'auto'
  } catch {
    return 'auto'
  }
}
