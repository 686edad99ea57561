// SPDX-License-Identifier: MIT
// Builds the dashboard into dist/dashboard, as few files with fixed names, which the proxy server
// serves. `vite dashboard` serves it with live reloading, and asks a proxy on port 8000 for the rest.

import { defineConfig } from 'vite'
import { notices } from '../scripts/notices.js'

const PROXY = 'http://127.0.0.1:8000'

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  publicDir: 'public',
  plugins: [notices],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2023',
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        entryFileNames: 'dashboard.js',
        assetFileNames: 'dashboard[extname]',
        codeSplitting: false,
      },
    },
  },
  server: {
    port: 5173,
    proxy: { '/inspect': PROXY, '/admin': PROXY, '/key': PROXY, '/metrics': PROXY },
  },
})
