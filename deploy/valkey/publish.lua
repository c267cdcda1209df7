-- Tells the rest of Framedle of a finished match that is stored: both ratings into the ranking, one
-- entry into the stream. Its saved copy has done its duty: it goes when it need not be looked at
-- any more, and at once when it is not the finished match but an older one, which nobody is to play
-- on. One that its players play elsewhere with a higher fence is left alone: its result will stand.
--
-- ARGV  4 "1" when rated  5 player 1  6 player 2  7 rating of player 1  8 rating of player 2
--       9 match  10 winner (users.id or empty)  11 score  12 points  13 reason
--       14 how long the copy can still be looked at, in ms  15 fence of the result
--
-- Ratings are absolute, so a repeated call changes nothing there; the stream gets the entry again,
-- and whoever reads it must expect that (at least once).

local id, keep_ms = ARGV[9], tonumber(ARGV[14])
local match = read_match(id)
local is_played = match and match.owner ~= me and not match.dormant and is_alive(match.owner) and
    match.fence > (whole(ARGV[15]) or 0)
if not is_played then
    if match then
        disown(match)
    end
    if match and match.over and keep_ms > 0 then
        redis.call('PEXPIRE', match_key(id), ARGV[14])
    else
        redis.call('DEL', match_key(id))
    end
    set_ended(id)
    stop_playing(ARGV[5], id)
    stop_playing(ARGV[6], id)
end
redis.call('SREM', 'duel:owned:' .. me, id)
forget_note(me, ARGV[5], id)
forget_note(me, ARGV[6], id)

if ARGV[4] == '1' then
    redis.call('ZADD', 'lb:duels:elo', ARGV[7], ARGV[5], ARGV[8], ARGV[6])
end
return redis.call('XADD', 'duel:events', 'MAXLEN', '~', '10000', '*',
    'type', 'match_finished', 'match', id, 'p1', ARGV[5], 'p2', ARGV[6], 'winner', ARGV[10],
    'score', ARGV[11], 'points', ARGV[12], 'reason', ARGV[13])
