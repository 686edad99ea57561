// SPDX-License-Identifier: MIT
// Asks the registry for known vulnerabilities of what is installed with the package: `npm run
// audit`. Status 1 for high and critical ones. A registry that does not answer, or has no such
// service, is told and is no failure: it says nothing about the dependencies.

import { execFile } from 'node:child_process'

const TIMEOUT_MS = 60_000
const SERIOUS = ['high', 'critical']

execFile(
  'npm',
  ['audit', '--omit=dev', '--json'],
  { timeout: TIMEOUT_MS, shell: process.platform === 'win32' },
  (_error, stdout) => {
    const { text, isFailure } = judge(stdout)
    console.log(`Audit: ${text}`)
    if (isFailure) process.exitCode = 1
  },
)

function judge(output) {
  let report
  try {
    report = JSON.parse(output)
  } catch {
    return { text: 'not done, npm said nothing that can be read', isFailure: false }
  }
  const { vulnerabilities, message = 'no answer' } = report
  if (vulnerabilities === undefined) return { text: `not done, ${message}`, isFailure: false }
  const found = Object.values(vulnerabilities)
  if (found.length === 0) return { text: 'no known vulnerabilities', isFailure: false }
  const text = found.map(({ name, severity }) => `${name} (${severity})`).join(', ')
  return { text, isFailure: found.some(({ severity }) => SERIOUS.includes(severity)) }
}
