// SPDX-License-Identifier: MIT
// Small things that all views are made of.

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { hrefOf } from '../state/route.ts'

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'accent'

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>
}

export function Head({ title, lead, children }: HeadProps) {
  return (
    <header class="head">
      <h1>{title}</h1>
      {children}
      {lead !== undefined && <p class="lead">{lead}</p>}
    </header>
  )
}

interface HeadProps {
  readonly title: string
  readonly lead?: string
  readonly children?: ComponentChildren
}

export function Tile({ label, figure, note }: { label: string; figure: string; note?: string }) {
  return (
    <div class="card tile">
      <div class="label">{label}</div>
      <div class="figure">{figure}</div>
      {note !== undefined && <div class="note">{note}</div>}
    </div>
  )
}

/** One line of text, without help from dictionary and memory of the browser. */
export function TextField({ id, label, value, placeholder, onChange }: TextFieldProps) {
  return (
    <div class="field grow">
      <label for={id}>{label}</label>
      <input
        id={id}
        value={value}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </div>
  )
}

interface TextFieldProps {
  readonly id: string
  readonly label: string
  readonly value: string
  readonly placeholder?: string
  readonly onChange: (value: string) => void
}

/** An id that leads to the view of the key. */
export function KeyLink({ id, children }: { id: string; children?: ComponentChildren }) {
  return (
    <a class="mono" href={hrefOf('keys', id)}>
      {children ?? id}
    </a>
  )
}

/** Copies a text that is too long to type. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [outcome, setOutcome] = useState('')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setOutcome('Copied')
    } catch {
      // Only pages over HTTPS, and those of this host, may.
      setOutcome('Cannot copy here: select it')
    }
    setTimeout(() => setOutcome(''), 3000)
  }
  return (
    <button type="button" class="link small" onClick={copy}>
      {outcome || label}
    </button>
  )
}

export function Choice<T extends string>({ label, options, chosen, onChoose }: ChoiceProps<T>) {
  return (
    <fieldset class="choice buttons compact" aria-label={label}>
      {options.map(({ value, text, isOff }) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === chosen}
          disabled={isOff === true}
          onClick={() => onChoose(value)}
        >
          {text}
        </button>
      ))}
    </fieldset>
  )
}

interface ChoiceProps<T extends string> {
  readonly label: string
  readonly options: readonly { value: T; text: string; isOff?: boolean }[]
  readonly chosen: T
  readonly onChoose: (value: T) => void
}
