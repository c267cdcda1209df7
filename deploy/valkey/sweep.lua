-- Takes some of the matches whose owner is dead: of the caller's own node's name at once, others
-- when the owner's last sign of life is older. Answers {1 when there may be more, and for each that
-- was taken: match, fence, card 0, card 1, data, terms}.
--
-- ARGV  4 how long a lease lasts, in ms  5 "1" when the answer of the call before has arrived
--       6 how many the caller has room for
--
--   duel:taken:BOOT  list: what the call before has taken
--
-- Not taken: a match that was made and never begun. Whoever comes to play it finds it, else it
-- expires. May be repeated: what was taken, but not told, is told now.

local TAKEN_MAX = math.min(16, tonumber(ARGV[6]))
local LOOKED_MAX = 32     -- of one process at a call
local OTHERS_WAIT_MS = 3000 -- a process that is started again gets its own first

local list = 'duel:taken:' .. me
local now_ms = clock_ms()
local answer = { 0 }
local taken, removed = 0, false

-- Whether it belongs to nobody alive, and has something to be played on from.
local function is_orphan(match)
    return match and not is_alive(match.owner) and
        redis.call('HEXISTS', match_key(match.id), 'data') == 1
end

local function tell(match)
    local copy = copy_of(match.id)
    for _, value in ipairs({ match.id, match.fence }) do
        answer[#answer + 1] = value
    end
    for i = 1, 4 do
        answer[#answer + 1] = copy[i]
    end
    taken = taken + 1
end

local function tell_again()
    for _, id in ipairs(redis.call('LRANGE', list, 0, TAKEN_MAX - 1)) do
        local match = read_match(id)
        if match and match.owner == me and not is_ended(id) then
            tell(match)
        end
    end
end

local function look_at(id, boot, late)
    local match = read_match(id)
    if not is_orphan(match) then
        redis.call('SREM', 'duel:owned:' .. boot, id)
        removed = true
    elseif (late or match.node == here) and is_abandoned(match) then
        redis.call('SREM', 'duel:owned:' .. boot, id)
        take(match)
        tell(match)
        redis.call('RPUSH', list, id)
        removed = true
    end
end

local function sweep(boot, renewed_ms)
    local owned = 'duel:owned:' .. boot
    local late = now_ms - renewed_ms > tonumber(ARGV[4]) + OTHERS_WAIT_MS
    for _, id in ipairs(redis.call('SRANDMEMBER', owned, LOOKED_MAX)) do
        if taken == TAKEN_MAX then
            break
        end
        look_at(id, boot, late)
    end
    local left = redis.call('SCARD', owned)
    -- What it has noted of a match that nobody has begun is good until that is gone.
    local is_noted = redis.call('HLEN', PLAYERS .. boot) > 1 and now_ms - renewed_ms < MADE_S * 1000
    if left == 0 and not is_noted then
        redis.call('ZREM', 'duel:boots', boot)
    end
    return left
end

if ARGV[5] == '1' then
    redis.call('DEL', list)
else
    tell_again()
end
local boots = redis.call('ZRANGE', 'duel:boots', 0, PROCESSES_MAX - 1, 'WITHSCORES')
for i = 1, #boots, 2 do
    if taken == TAKEN_MAX then
        answer[1] = 1 -- the next call gets there
        break
    end
    if not is_alive(boots[i]) then
        removed = false
        if sweep(boots[i], tonumber(boots[i + 1])) > 0 and removed then
            answer[1] = 1
        end
    end
end
redis.call('EXPIRE', list, OWNED_S)
return answer
