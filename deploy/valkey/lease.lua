-- The caller is alive, and so is its ownership of all its matches. Answers {1 when nothing is known to
-- have vanished (else it is to save all its matches again), 1 when processes of other nodes are alive,
-- and for each match that it is to look at: match, node of the new owner ("": the caller's own node's
-- name, or nobody's), 1 when its key has vanished and it is to be saved again}.
--
-- ARGV  4 how long the lease lasts, in ms  5 when the caller was started, in microseconds
--       6 live matches  7 "1" draining: no new match is to be placed here
--       8 "1" all its matches are saved, since it was told that something had vanished
--
-- Whether what it has noted of its players is whole must be known from those notes, since they may
-- vanish: field `whole` is not there, "0" when the caller knows of that, then "1".
--
-- May be repeated. When an answer that told of losses was lost, the caller learns of them from its
-- next save.

local lease, notes = 'duel:lease:' .. me, PLAYERS .. me
local kept = redis.call('HEXISTS', notes, 'whole') == 1
local answer = { 1, 0 }
if redis.call('EXISTS', lease) == 0 or (not kept and ARGV[8] == '1') then
    answer[1] = 0
end
if kept or ARGV[8] == '0' then
    redis.call('HSET', notes, 'whole', ARGV[8])
end
redis.call('EXPIRE', notes, OWNED_S)
redis.call('HSET', lease, 'node', here, 'born', ARGV[5], 'load', ARGV[6], 'draining', ARGV[7])
redis.call('PEXPIRE', lease, ARGV[4])
redis.call('ZADD', 'duel:boots', digits(clock_ms()), me)
redis.call('EXPIRE', 'duel:boots', OWNED_S)
redis.call('EXPIRE', 'duel:owned:' .. me, OWNED_S)

for _, process in ipairs(others_alive()) do
    if process.node ~= here then
        answer[2] = 1
    end
end
for _, id in ipairs(redis.call('LRANGE', 'duel:lost:' .. me, 0, -1)) do
    local match = read_match(id)
    if not match or match.owner ~= me then
        local node = match and place_of(match) or ''
        answer[#answer + 1] = id
        answer[#answer + 1] = node ~= here and node or ''
        answer[#answer + 1] = (match or is_ended(id)) and 0 or 1
    end
end
redis.call('DEL', 'duel:lost:' .. me)
return answer
