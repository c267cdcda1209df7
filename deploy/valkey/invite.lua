-- Keeps an invitation, which is an id for a match that somebody else may come to. Answers 1, or 0 when the
-- player has as many open ones as there may be.
--
-- ARGV  4 match  5 player  6 card  7 terms  8 expires, in ms  9 "1" for rating
--
--   duel:invite:MATCH    hash: by (player), card, terms, expires, rated, state ("open", "withdrawn" or
--                        "used"), boot (the process where the inviter waits), to (who used it)
--   duel:invites:PLAYER  set: the open ones
--
-- May be repeated: one that is there already stays as it is. When a key has vanished an invitation is lost,
-- or one more than there should be is open.

local OPEN_MAX = 3
local KEPT_MS = 86400000 -- longer than it is open, so that who comes late is told why it is not

local id, player, expires = ARGV[4], ARGV[5], tonumber(ARGV[8])
local key, list = 'duel:invite:' .. id, 'duel:invites:' .. player

if redis.call('EXISTS', key) == 1 then
    return 1
end
local open = 0
for _, other in ipairs(redis.call('SMEMBERS', list)) do
    local invite = read_invite(other)
    if invite and invite.by == player and invite.state == 'open' then
        open = open + 1
    else
        redis.call('SREM', list, other)
    end
end
if open >= OPEN_MAX then
    return 0
end
redis.call('HSET', key, 'by', player, 'card', ARGV[6], 'terms', ARGV[7], 'expires', ARGV[8],
           'rated', ARGV[9], 'state', 'open', 'boot', '')
redis.call('PEXPIREAT', key, digits(expires + KEPT_MS))
redis.call('SADD', list, id)
redis.call('PEXPIREAT', list, digits(math.max(expires, redis.call('PEXPIRETIME', list))))
return 1
