-- Ends a lease, if it is still the caller's.
-- KEYS[1]  the lease: token and holder
-- ARGV[1]  the caller's token and holder
-- Returns 1, or 0 when it was over.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call("DEL", KEYS[1])
