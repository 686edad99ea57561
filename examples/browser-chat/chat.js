// SPDX-License-Identifier: MIT
// A chat without a server of its own: messages are values under the key of the room, which live for
// ten minutes. The page works from a file, against any REST proxy of OpenDHT.

const { ProxyClient } = globalThis.opendht
const USER_TYPE = 'browser-chat'

const byId = (id) => document.getElementById(id)
const show = (text) => {
  byId('state').textContent = text
}

byId('join').addEventListener('submit', (event) => {
  event.preventDefault()
  const { proxy, room, name } = Object.fromEntries(new FormData(event.target))
  try {
    const dht = new ProxyClient({ proxies: proxy })
    const key = `browser-chat ${room}`
    event.target.hidden = true
    byId('say').hidden = false
    void listen(dht, key)
    setInterval(() => {
      byId('proxy').textContent = dht.readiness().isReady
        ? `In ${room}`
        : `${proxy} cannot be used now: trying again`
    }, 500)
    byId('say').addEventListener('submit', (said) => {
      said.preventDefault()
      void say(dht, key, name, said.target)
    })
  } catch (error) {
    show(error.message)
  }
})

/** Goes on through lost connections; what was missed comes when there is one again. */
async function listen(dht, key) {
  try {
    for await (const { value, expired } of dht.listen(key)) {
      if (!expired && value.userType === USER_TYPE) showMessage(value)
    }
  } catch (error) {
    show(`Not listening: ${error.message}`)
  }
}

async function say(dht, key, name, form) {
  const { text } = form.elements
  const said = text.value
  const message = JSON.stringify({ name, text: said, at: Date.now() })
  form.reset()
  try {
    const data = new TextEncoder().encode(message)
    await dht.put(key, { data, userType: USER_TYPE })
    show('')
  } catch (error) {
    show(`Not sent: ${error.message}`)
    // Unless the next message is being written already.
    text.value ||= said
  }
}

/** Anybody may put anything under the key: only what looks like a message is shown, as text. */
function showMessage({ data }) {
  let message
  try {
    message = JSON.parse(new TextDecoder().decode(data))
  } catch {
    return
  }
  if (typeof message?.name !== 'string' || typeof message.text !== 'string') return
  const line = document.createElement('li')
  const who = document.createElement('b')
  who.textContent = `${message.name}: `
  line.dataset.at = Number(message.at) || 0
  line.append(who, message.text)
  const later = [...byId('lines').children].find((it) => it.dataset.at > line.dataset.at)
  byId('lines').insertBefore(line, later ?? null)
}
