-- Takes tokens from a bucket that fills with time, all or none.
-- KEYS[1]  the bucket: a hash of "tokens" and "at", the millisecond they were counted
-- ARGV[1]  now, in milliseconds: the caller's, since TIME inside a script is 0 on some servers
-- ARGV[2]  tokens to take
-- ARGV[3]  tokens a second
-- ARGV[4]  tokens of a full bucket
-- Returns {1 when taken or 0, tokens left, milliseconds to wait}; the last two as text, to keep their fractions.
local now = tonumber(ARGV[1])
local count = tonumber(ARGV[2])
local perMillisecond = tonumber(ARGV[3]) / 1000
local burst = tonumber(ARGV[4])
local held = redis.call("HMGET", KEYS[1], "tokens", "at")
local tokens = tonumber(held[1]) or burst
local at = tonumber(held[2]) or now
-- Callers' clocks differ a little: time that goes back refills nothing. One that is off by more than a bucket's filling
-- would stop everybody else's for that long, so it is not believed.
if at - now > burst / perMillisecond then
  at = now
end
if now > at then
  tokens = math.min(burst, tokens + (now - at) * perMillisecond)
  at = now
end
local taken = 0
local wait = 0
if tokens >= count then
  tokens = tokens - count
  taken = 1
else
  wait = (count - tokens) / perMillisecond
end
redis.call("HSET", KEYS[1], "tokens", string.format("%.17g", tokens), "at", string.format("%.17g", at))
-- A bucket that is full again says no more than one that is not there.
redis.call("PEXPIRE", KEYS[1], math.ceil((burst - tokens) / perMillisecond + (at - now)) + 1000)
return { taken, string.format("%.17g", tokens), string.format("%.17g", wait) }
