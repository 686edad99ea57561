// SPDX-License-Identifier: MIT
// The table of dhtchat: conversations in rooms.

import type { Given } from '../given.ts'
import {
  GUEST_FLAGS,
  IDENTITY_FLAGS,
  INFO_FLAGS,
  JSON_FLAG,
  LOG_FLAGS,
  ROLE_FLAGS,
} from '../node-flags.ts'
import { toGuestOptions } from '../options.ts'
import { ENDED, NOT_STARTED, type ProgramStreams, type Tool, WRONG_SCRIPT } from '../tool.ts'

export const DHTCHAT: Tool = {
  name: 'dhtchat',
  summary: 'chat in rooms, with signed and encrypted messages',
  description: [
    'Chats with whoever is in the same room of a network. Rooms are keys: c ROOM joins one, ' +
      'then every line that you type is a message, signed by you. e KEY-ID TEXT sends a text ' +
      'that only the owner of this key can read, d leaves the room, x the chat.',
    'It always has an identity: a new one, unless options name one to keep. Its public key ID ' +
      'is shown at the start and before your messages at the others.',
  ],
  examples: [
    { what: 'Chat as somebody new', command: 'dhtchat -b 192.0.2.7' },
    { what: 'Stay the same', command: 'dhtchat -b 192.0.2.7 -i --save-identity me' },
  ],
  flags: {
    ...GUEST_FLAGS,
    ...ROLE_FLAGS,
    ...IDENTITY_FLAGS,
    identity: { short: 'i', help: ['make an identity: on, unless others give one'] },
    ...JSON_FLAG,
    ...LOG_FLAGS,
    ...INFO_FLAGS,
  },
  notes: [
    'Messages last five minutes in the network: who joins a room reads those of the last minutes.',
  ],
  exitStatuses: [
    ENDED,
    NOT_STARTED,
    WRONG_SCRIPT,
    { status: 3, meaning: 'a message of a script could not be sent' },
  ],
  async run(given: Given, streams: ProgramStreams): Promise<number> {
    const options = toGuestOptions(given)
    const { runChat } = await import('../chat/run-chat.ts')
    return runChat({ ...options, identity: options.identity ?? { kind: 'new' } }, streams)
  },
}
