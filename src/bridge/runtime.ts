// SPDX-License-Identifier: MIT
// Looked at before everything else: whether this Node.js is one that the package runs on.

/** Of package.json; the Python package names it, too. */
const MIN_MAJOR = 20
const MIN_MINOR = 19
/** What `_process.py` takes for "too old". */
const TOO_OLD_STATUS = 64

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < MIN_MAJOR || (major === MIN_MAJOR && minor < MIN_MINOR)) process.exit(TOO_OLD_STATUS)
