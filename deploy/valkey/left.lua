-- A player left a rated match early (R-90); cooldown_ms() of common.lua says what follows.
--
-- ARGV  4 player  5 match
--
--   duel:left:PLAYER  sorted set, when in ms -> match, of the last hour
--
-- May be repeated: a match counts once, and when it did first.

local key, now = left_key(ARGV[4]), clock_ms()
redis.call('ZADD', key, 'NX', digits(now), ARGV[5])
redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. digits(now - HOUR_MS))
return redis.call('PEXPIRE', key, digits(HOUR_MS))
