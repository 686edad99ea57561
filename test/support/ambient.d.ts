// SPDX-License-Identifier: MIT
// A name of the browser's types that the MessagePack library's declarations use.

type BufferSource = ArrayBuffer | ArrayBufferView
