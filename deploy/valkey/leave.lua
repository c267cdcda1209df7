-- Takes a ticket out of the queue. Taking out what is not there is no error, so it may be repeated.
--
-- ARGV  4 player
redis.call('DEL', 'duel:ticket:' .. ARGV[4])
redis.call('ZREM', 'duel:queue:since', ARGV[4])
return redis.call('ZREM', 'duel:queue', ARGV[4])
