// SPDX-License-Identifier: MIT
// One value with everything that is known of it.

import { useEffect, useMemo, useState } from 'preact/hooks'
import { formatBytes, formatTime } from '../data/format.ts'
import {
  bytesOf,
  checkSignature,
  ownerIdOf,
  registerOf,
  type SignatureState,
  typeName,
} from '../data/shown-value.ts'
import {
  bestForm,
  CONTENT_FORMS,
  type ContentForm,
  showContent,
  visible,
} from '../data/value-text.ts'
import type { ValueEnd } from '../state/stored-ends.ts'
import type { ValueRow } from '../state/watched-key.ts'
import { Badge, Choice, CopyButton } from './basics.tsx'
import { Countdown } from './countdown.tsx'

const FORM_NAMES: Readonly<Record<ContentForm, string>> = {
  text: 'Text',
  json: 'JSON',
  msgpack: 'MessagePack',
  hex: 'Hex',
}

export function ValueDetails({ row, end }: { row: ValueRow; end: ValueEnd }) {
  const { json } = row
  const owner = useMemo(() => ownerIdOf(json), [json])
  const bytes = useMemo(() => bytesOf(json), [json])
  const register = useMemo(() => registerOf(json), [json])
  return (
    <section class="card" aria-label="The chosen value">
      <div class="card-head">
        <h2>
          Value <span class="mono">{json.id}</span>
        </h2>
        <SignatureBadge key={row.number} row={row} />
      </div>
      {json.cypher !== undefined && (
        <p class="muted">Encrypted: only its recipient can read it. These are the bytes.</p>
      )}
      <Content key={row.number} bytes={register?.data ?? bytes} />
      <dl class="facts">
        <dt>Size</dt>
        <dd>{formatBytes(bytes.length)}</dd>
        {json.cypher === undefined && (
          <>
            <dt>Type</dt>
            <dd>
              {typeName(json.type ?? 0)}
              {json.utype !== undefined && <bdi> ({visible(json.utype)})</bdi>}
            </dd>
          </>
        )}
        {register !== undefined && (
          <>
            <dt>Register</dt>
            <dd>
              revision {register.revision}
              {register.data === undefined && ', deleted'}
            </dd>
          </>
        )}
        {owner !== undefined && (
          <>
            <dt>Owner</dt>
            <dd>
              <span class="mono">{owner}</span> <CopyButton text={owner} />
            </dd>
            <dt>Sequence</dt>
            <dd>{json.seq ?? 0}</dd>
          </>
        )}
        {json.to !== undefined && (
          <>
            <dt>For</dt>
            <dd class="mono">{json.to}</dd>
          </>
        )}
        <dt>Ends</dt>
        <dd>
          <Countdown end={end} />
        </dd>
        <dt>Heard of</dt>
        <dd>{formatTime(row.at)}</dd>
      </dl>
    </section>
  )
}

function Content({ bytes }: { bytes: Uint8Array }) {
  const [form, setForm] = useState<ContentForm>(() => bestForm(bytes))
  const [isWhole, setWhole] = useState(false)
  const forms = useMemo(
    () => CONTENT_FORMS.filter((it) => showContent(bytes, it) !== undefined),
    [bytes],
  )
  const shown = useMemo(() => showContent(bytes, form, isWhole), [bytes, form, isWhole])
  return (
    <div class="form">
      <Choice
        label="Shown as"
        chosen={form}
        onChoose={setForm}
        options={CONTENT_FORMS.map((value) => ({
          value,
          text: FORM_NAMES[value],
          isOff: !forms.includes(value),
        }))}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too */}
      <pre class="content" tabIndex={0} dir="auto">
        {shown?.text}
      </pre>
      {shown?.isCut === true && (
        <p>
          <button type="button" class="link small" onClick={() => setWhole(true)}>
            Show all {formatBytes(bytes.length)}
          </button>
        </p>
      )}
    </div>
  )
}

function SignatureBadge({ row: { json } }: { row: ValueRow }) {
  const [state, setState] = useState<SignatureState>(json.sig === undefined ? 'none' : 'checked')
  useEffect(() => {
    let isShown = true
    void checkSignature(json).then((found) => {
      if (isShown) setState(found)
    })
    return () => {
      isShown = false
    }
  }, [json])
  if (state === 'valid') return <Badge tone="good">Signature valid</Badge>
  if (state === 'invalid') return <Badge tone="bad">Signature wrong</Badge>
  if (state === 'checked') return <Badge tone="good">Signed, checked by the node</Badge>
  return json.cypher === undefined ? <Badge>Not signed</Badge> : <Badge>Encrypted</Badge>
}
