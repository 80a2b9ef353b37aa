-- Puts tokens back into a bucket that they were taken from, up to its brim.
-- KEYS[1]  the bucket: a hash of "tokens" and "at", the millisecond they were counted
-- ARGV[1]  tokens to put back
-- ARGV[2]  tokens of a full bucket
-- Returns 1, or 0 where there is no bucket: then it is full.
local held = tonumber(redis.call("HGET", KEYS[1], "tokens"))
if not held then
  return 0
end
local tokens = math.min(tonumber(ARGV[2]), held + tonumber(ARGV[1]))
redis.call("HSET", KEYS[1], "tokens", string.format("%.17g", tokens))
return 1
