-- Tells the rest of Framedle of a finished match: both ratings into the ranking, one entry into
-- the stream. Ratings are absolute, so a repeated call changes nothing there; the stream gets the
-- entry again, and whoever reads it must expect that (at least once).
--
-- KEYS  1 lb:duels:elo  2 duel:events
-- ARGV  1 "1" when rated  2 player 1  3 player 2  4 rating of player 1  5 rating of player 2
--       6 match  7 winner (users.id or empty)  8 score  9 points  10 reason
if ARGV[1] == '1' then
    redis.call('ZADD', KEYS[1], ARGV[4], ARGV[2], ARGV[5], ARGV[3])
end
return redis.call('XADD', KEYS[2], 'MAXLEN', '~', '10000', '*',
    'type', 'match_finished', 'match', ARGV[6], 'p1', ARGV[2], 'p2', ARGV[3], 'winner', ARGV[7],
    'score', ARGV[8], 'points', ARGV[9], 'reason', ARGV[10])
