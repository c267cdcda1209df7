-- The caller is alive, and so is its ownership of all its matches. Answers {1 when the lease was
-- still there, 1 when processes of other nodes are alive, and for each match that somebody took from
-- the caller: match, node of the new owner ("": the caller's own node's name, or nobody's)}.
--
-- ARGV  4 how long the lease lasts, in ms  5 when the caller was started, in microseconds
--       6 live matches  7 "1" draining: no new match is to be placed here
--
-- May be repeated. When an answer that told of losses was lost, the caller learns of them from its
-- next save.

local lease = 'duel:lease:' .. me
local answer = { redis.call('EXISTS', lease), 0 }
redis.call('HSET', lease, 'node', here, 'born', ARGV[5], 'load', ARGV[6], 'draining', ARGV[7])
redis.call('PEXPIRE', lease, ARGV[4])
redis.call('ZADD', 'duel:boots', digits(math.floor(clock_us() / 1000)), me)
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
        answer[#answer + 1] = id
        local node = match and place_of(match) or ''
        answer[#answer + 1] = node ~= here and node or ''
    end
end
redis.call('DEL', 'duel:lost:' .. me)
return answer
