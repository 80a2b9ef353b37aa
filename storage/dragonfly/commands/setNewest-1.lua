-- Keeps a text unless a newer one is held.
-- KEYS[1]  the entry: a decimal sequence, a space, the text
-- ARGV[1]  the text's sequence
-- ARGV[2]  the text
-- ARGV[3]  milliseconds it is kept; 0 for as long as the store lives
-- Returns 1 when kept, 0 when what is held is newer.
local held = redis.call("GET", KEYS[1])
if held then
  local seq = tonumber(string.match(held, "^(%d+) "))
  if seq and seq > tonumber(ARGV[1]) then
    return 0
  end
end
local entry = ARGV[1] .. " " .. ARGV[2]
if ARGV[3] == "0" then
  redis.call("SET", KEYS[1], entry)
else
  redis.call("SET", KEYS[1], entry, "PX", ARGV[3])
end
return 1
