// SPDX-License-Identifier: MIT
// Protocol constants and limits of one node. The first group are values that peers rely on or that
// keep us in step with them (spec node behaviour, section 10); the second are our own limits.

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

/** UDP port of nodes that name none. */
export const DEFAULT_PORT = 4222
/** Kademlia's k: bucket size, nodes per answer, put redundancy. */
export const TARGET_NODES = 8
/** Nodes that a search keeps around its key. */
export const SEARCH_NODES = 14
/** Nodes that are closer to a key than is plausible, and asked beside the eight that count. */
export const MAX_BESIEGERS = 8
/** Nodes that a listen registers at. */
export const LISTEN_NODES = 4
/** Requests of one lookup in flight at a time (Kademlia's alpha) on its way to the key … */
export const MAX_SOLICITED_NODES = 4
/** … and once the closest known nodes are about as close to it as our neighbours are to us. */
export const MAX_SOLICITED_NEAR = TARGET_NODES
/** A node is good while it replied within this time … */
export const NODE_GOOD_TIME_MS = 120 * MINUTE_MS
/** … and was heard of within this one. Also: age of a token, of a search answer, of a listener. */
export const NODE_EXPIRE_TIME_MS = 10 * MINUTE_MS
/** Authentication errors in a row after which a node counts as expired. */
export const MAX_AUTH_ERRORS = 3
/** Depth below which a bootstrap node splits any bucket. */
export const BOOTSTRAP_SPLIT_DEPTH = 6
export const BUCKET_REFRESH_MS = 10 * MINUTE_MS
/** Neighbourhood maintenance runs while the own bucket grew within this time. */
export const NEIGHBOURHOOD_WINDOW_MS = 150 * SECOND_MS
/**
 * Listeners renew their registrations after this time; public stable nodes after the longer one.
 */
export const LISTEN_RENEW_MS = 20 * SECOND_MS
export const LISTEN_RENEW_STABLE_MS = 290 * SECOND_MS
/** Permanent values are announced again this long before their lifetime ends. */
export const REANNOUNCE_MARGIN_MS = 10 * SECOND_MS
/** Remote listens go on this long after the last local listener left. */
export const LISTEN_LINGER_MS = 60 * SECOND_MS
export const DEFAULT_LIFETIME_MS = 10 * MINUTE_MS
export const STORAGE_MAINTENANCE_MS = 10 * MINUTE_MS
/** Token secrets change at a random time between these. */
export const TOKEN_ROTATE_MIN_MS = 15 * MINUTE_MS
export const TOKEN_ROTATE_MAX_MS = 45 * MINUTE_MS
/** Longest token of a peer that we keep. */
export const MAX_TOKEN_BYTES = 64

/**
 * Bytes that whoever may have forged its address is answered at most, for each that it sent: three,
 * less what some newcomers are pinged with besides.
 */
export const MAX_AMPLIFICATION = 2.95
/** Of IPv4; those of IPv6 are longer. */
export const IP_UDP_HEADER_BYTES = 28

/** Payload of one fragment. */
export const FRAGMENT_BYTES = 1280
/**
 * From this packed size of all values on, or from this many values on, they travel in fragments.
 */
export const INLINE_VALUES_BYTES = 600
export const INLINE_VALUES_COUNT = 50
/** Packed size of one value that is accepted at most: 64 KiB and the envelope. */
export const MAX_PACKED_VALUE_BYTES = 65_568
/** Packed size of one value that is put or stored at most. */
export const MAX_VALUE_BYTES = 65_536
/** An update is split when its values reach this size. */
export const MAX_UPDATE_BYTES = 56 * 1024
/** A partial message is dropped after this long without a fragment, and after this long in all. */
export const FRAGMENT_IDLE_MS = 3 * SECOND_MS
export const FRAGMENT_TOTAL_MS = 10 * SECOND_MS

/** Values stored under one key. */
export const MAX_VALUES_PER_KEY = 65_536
export const DEFAULT_STORAGE_BYTES = 64 * 1024 * 1024
/** What a stored value costs beside its bytes: counted, so that tiny values are not free. */
export const STORED_VALUE_OVERHEAD_BYTES = 320
export const MAX_STORAGE_KEYS = 1 << 20
export const MAX_LISTENERS_PER_KEY = 8192
export const MAX_LISTENERS_PER_NODE = 4096
export const MAX_LISTENERS = 1 << 18
/** Nodes remembered per family beside those in use. */
export const MAX_CACHED_NODES = 16_384
/** Of one /24 or /48, among the closest to an id, unless there are not enough others. */
export const MAX_NODES_PER_PREFIX = 1
/** Of one lookup: more would not find other nodes to begin at. */
export const MAX_LOOKUP_PATHS = 8
export const MAX_SEARCHES = 1 << 20
/** Finished searches kept per family, so that the next operation on the key starts warm. */
export const MAX_IDLE_SEARCHES = 128
/** Puts per family that go on after their end, because the network around the node is forming. */
export const MAX_LINGERING_PUTS = 1024
export const FORMING_MS = 60 * SECOND_MS
export const SEARCH_IDLE_MS = 10 * MINUTE_MS
/** Requests per second: all peers together, and one address. */
export const DEFAULT_REQUESTS_PER_SECOND = 8192
export const PEER_SHARE_OF_REQUESTS = 8
/** Part of the requests of a second, of all and of one peer, that may bring signatures to check. */
export const SIGNATURE_SHARE = 1 / 4
export const PEER_SIGNATURE_SHARE = 1 / 2
export const MAX_TRACKED_PEERS = 65_536
export const MAX_BLOCKED = 4096
export const BLOCK_TIME_MS = 60 * MINUTE_MS
/** Incomplete messages: in all, per address, and bytes in all. */
export const MAX_PARTIAL_MESSAGES = 4096
export const MAX_PARTIAL_MESSAGES_PER_PEER = 64
export const MAX_PARTIAL_BYTES = 64 * 1024 * 1024
/** Fragments that came before their header: datagrams and bytes per message. */
export const MAX_EARLY_FRAGMENTS = 98
export const MAX_EARLY_BYTES = 122_912
export const MAX_PENDING_REQUESTS = 1 << 18
/** Values of a listened node that are tracked. */
export const MAX_CACHED_VALUES_PER_NODE = 65_536
/** Peers' reports of our public address that are counted per family. */
export const MAX_REPORTED_ADDRESSES = 32
