// SPDX-License-Identifier: MIT
// Style sheets are imported for the bundler, and are nothing for the compiler.

declare module '*.css'
