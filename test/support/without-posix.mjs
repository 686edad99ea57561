// SPDX-License-Identifier: MIT
// Loaded before a program (`node --import`), takes away what systems other than POSIX do not have:
// users and groups, most signals, device and proc files, sockets in the file system and programs to
// start; and files cannot be renamed while a scanner looks at them. What is still used throws, or,
// where Windows answers something else, does that.

import childProcess from 'node:child_process'
import dgram from 'node:dgram'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import os from 'node:os'

const used = []
const missing = (what) => {
  used.push(what)
  throw Object.assign(new Error(`${what} does not exist here`), { code: 'ENOSYS' })
}

Object.defineProperty(process, 'platform', { value: 'win32' })
os.platform = () => 'win32'
for (const name of ['uid', 'gid', 'euid', 'egid', 'groups']) {
  delete process[`get${name}`]
  delete process[`set${name}`]
}
delete process.initgroups

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK', 'SIGWINCH']
for (const method of ['on', 'once', 'addListener', 'prependListener']) {
  const original = process[method]
  process[method] = function (event, ...rest) {
    if (/^SIG/.test(String(event)) && !SIGNALS.includes(event)) missing(`signal ${event}`)
    return original.call(this, event, ...rest)
  }
}

/** The files of a POSIX system; those of the program and of the temporary folder are its own. */
const SYSTEM = /^\/(proc|sys|dev|etc|var|run)\//
for (const host of [fs, fs.promises]) {
  for (const [name, original] of Object.entries(host)) {
    if (typeof original !== 'function' || /^[A-Z_]/.test(name)) continue
    if (/^l?f?chown(Sync)?$/.test(name)) host[name] = () => missing(`fs.${name}`)
    else host[name] = guarded(name, original)
  }
}

function guarded(name, original) {
  const guard = function (path, ...rest) {
    if (typeof path === 'string' && SYSTEM.test(path)) missing(`fs.${name}('${path}')`)
    return original.call(this, path, ...rest)
  }
  return Object.assign(guard, original)
}

/** Each file is held when it is renamed the first time, until a moment later. */
const held = new Set()
const { rename } = fs.promises
fs.promises.rename = (from, to) => {
  if (held.delete(from)) return rename(from, to)
  held.add(from)
  return Promise.reject(Object.assign(new Error(`${from} is held`), { code: 'EPERM' }))
}
/** As on a drive with FAT. */
fs.promises.link = () =>
  Promise.reject(Object.assign(new Error('no hard links here'), { code: 'EISDIR' }))

for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync']) {
  childProcess[name] = () => missing(`child_process.${name}`)
}

const { connect, listen } = { connect: net.Socket.prototype.connect, ...net.Server.prototype }
const isPath = (options) => typeof (options?.[0]?.path ?? options?.path) === 'string'
net.Socket.prototype.connect = function (options, ...rest) {
  if (isPath(options)) missing('a socket in the file system')
  return connect.call(this, options, ...rest)
}
net.Server.prototype.listen = function (options, ...rest) {
  if (isPath(options)) missing('a socket in the file system')
  return listen.call(this, options, ...rest)
}

const { createSocket } = dgram
dgram.createSocket = (options, ...rest) => {
  if (options?.reusePort) missing('reusePort')
  return createSocket(options, ...rest)
}

syncBuiltinESMExports()
process.on('exit', () => {
  if (used.length > 0) process.stderr.write(`used: ${used.join(', ')}\n`)
})
