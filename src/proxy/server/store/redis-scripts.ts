// SPDX-License-Identifier: MIT
// What must happen in one step on a Redis server, in its language. All keys begin with the same
// hash tag, so that they are on one server of a cluster.
//
//   {opendht}:shard:N   hash: record id → envelope; a record belongs to the shard of its key
//   {opendht}:lease:N   the proxy that looks after the shard; expires unless renewed
//   {opendht}:proxies   sorted set: proxies by the time they are alive until
//   {opendht}:twins     hash: twin → record id
//   {opendht}:usage     hash: sums of records and bytes by kind, and of records by address
//   {opendht}:notes     hash: small texts
//
// An envelope is `kind|bytes|address|twin|` and the record.

const PREFIX = '{opendht}'

export const SHARDS = 64
export const CHANNEL = `${PREFIX}:changes`
export const KEYS = {
  twins: `${PREFIX}:twins`,
  usage: `${PREFIX}:usage`,
  notes: `${PREFIX}:notes`,
  proxies: `${PREFIX}:proxies`,
} as const

export const shardKey = (shard: number): string => `${PREFIX}:shard:${shard}`
export const leaseKey = (shard: number): string => `${PREFIX}:lease:${shard}`

/**
 * KEYS shard twins usage; ARGV id next expected channel message. Puts `next`, or nothing if it is
 * empty, in place of what is there, if that is `expected` or nothing is expected. Returns whether
 * it did.
 */
export const CHANGE_SCRIPT = `
local function count(envelope, sign)
  local kind, bytes, address, twin =
    string.match(envelope, '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|')
  redis.call('HINCRBY', KEYS[3], kind .. ' records', sign)
  redis.call('HINCRBY', KEYS[3], kind .. ' bytes', string.format('%d', sign * bytes))
  local ofAddress = kind .. ' of ' .. address
  if redis.call('HINCRBY', KEYS[3], ofAddress, sign) <= 0 then
    redis.call('HDEL', KEYS[3], ofAddress)
  end
  if twin == '' then return end
  if sign > 0 then
    redis.call('HSET', KEYS[2], twin, ARGV[1])
  elseif redis.call('HGET', KEYS[2], twin) == ARGV[1] then
    redis.call('HDEL', KEYS[2], twin)
  end
end
local old = redis.call('HGET', KEYS[1], ARGV[1])
if ARGV[3] ~= '' and old ~= ARGV[3] then return 0 end
if not old and ARGV[2] == '' then return 0 end
if old then count(old, -1) end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  count(ARGV[2], 1)
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1`

/**
 * KEYS proxies lease…; ARGV proxy ttl. Renews the leases of a proxy, and takes free ones up to its
 * share. Returns the number of its share, then the shards it has.
 */
export const LEASE_SCRIPT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
local share = math.ceil((#KEYS - 1) / redis.call('ZCARD', KEYS[1]))
local mine, free = {share}, {}
for i = 2, #KEYS do
  local holder = redis.call('GET', KEYS[i])
  if holder == ARGV[1] then
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
    mine[#mine + 1] = i - 2
  elseif not holder then
    free[#free + 1] = i
  end
end
for _, i in ipairs(free) do
  if #mine > share then break end
  redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2])
  mine[#mine + 1] = i - 2
end
return mine`

/** KEYS proxies lease…; ARGV proxy isLeaving. Gives leases back, and the place among proxies. */
export const RELEASE_SCRIPT = `
if ARGV[2] == '1' then redis.call('ZREM', KEYS[1], ARGV[1]) end
for i = 2, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
end
return 0`
