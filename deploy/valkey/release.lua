-- A match came to nothing and is forgotten, unless another process owns it (what that one keeps may
-- be further on). Forgetting what is not there is no error, so it may be repeated.
--
-- ARGV  4 match  5 player 0  6 player 1
local match = read_match(ARGV[4])
redis.call('SREM', 'duel:owned:' .. me, ARGV[4])
forget_note(me, ARGV[5], ARGV[4])
forget_note(me, ARGV[6], ARGV[4])
if match and match.owner ~= me and match.owner ~= '' then
    return 0
end
set_ended(ARGV[4])
stop_playing(ARGV[5], ARGV[4])
stop_playing(ARGV[6], ARGV[4])
return redis.call('DEL', match_key(ARGV[4]))
