// SPDX-License-Identifier: MIT
// The peers have no types of their own, or are not installed where the types are checked.

declare module 'dht-rpc'
declare module 'bittorrent-dht'
declare module 'libp2p'
declare module '@libp2p/tcp'
declare module '@libp2p/identify'
declare module '@libp2p/ping'
declare module '@libp2p/kad-dht'
declare module '@chainsafe/libp2p-noise'
declare module '@chainsafe/libp2p-yamux'
