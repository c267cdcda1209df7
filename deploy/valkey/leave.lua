-- Takes a ticket out of the queue. Taking out what is not there is no error, so it may be repeated.
--
-- KEYS  1 duel:queue  2 duel:queue:since  3 duel:ticket:PLAYER
-- ARGV  1 player
redis.call('DEL', KEYS[3])
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
