-- Puts or renews a ticket and pairs it if somebody fits: the rule of core/matchmaker, atomic for
-- all nodes. Answers {people waiting now, opponent or ""}.
--
-- KEYS  1 duel:queue          sorted set, rating -> player
--       2 duel:queue:since    sorted set, waiting since -> player
--       3 duel:ticket:PLAYER  hash: since, last (opponent), expires
--       4 duel:last:PLAYER    whom this player was paired with last
-- ARGV  1 player  2 rating  3 since  4 last opponent or ""  5 now  6 expires
--       7 window  8 step  9 step_ms  10 timeout_ms
-- The tickets of others are found through the two sets, so their keys are not among KEYS: this is
-- for a single Valkey, not for a cluster.
--
-- A repeated call puts the same ticket again. If the answer that named an opponent was lost, both
-- are out of the queue and nobody was told; each is in again with its node's next call, and has
-- lost some seconds. A ticket that vanished (eviction) is the same. So nothing here can harm
-- anybody.
--
-- Work: people within each other's window do not stay in the queue, so few are looked at; who
-- stands in the last third of the timeout is taken from the second set while these are few, and
-- else met soon by walking outward from the own rating.

local TICKET_SLACK_MS = 5000
local LAST_S = 86400
local BATCH = 32     -- neighbours fetched at once
local DIRECT_MAX = 64 -- in the last third: so many are looked at one by one
local SWEEP = 8      -- of the oldest tickets are looked at for being dead

local player, last = ARGV[1], ARGV[4]
local rating, since, now = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local expires = tonumber(ARGV[6])
local window, step = tonumber(ARGV[7]), tonumber(ARGV[8])
local step_ms, timeout_ms = tonumber(ARGV[9]), tonumber(ARGV[10])
local last_third_ms = math.ceil(timeout_ms * 2 / 3)

local function ticket_key(id)
    return 'duel:ticket:' .. id
end

-- nil: unbounded
local function window_of(waited)
    if waited >= last_third_ms then
        return nil
    end
    if waited <= 0 then
        return window
    end
    return window + step * math.floor(waited / step_ms)
end

local function take_out(id)
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
    redis.call('DEL', ticket_key(id))
end

last = redis.call('GET', KEYS[4]) or last
-- Numbers go back as they came: Lua would write large ones with an exponent.
redis.call('ZADD', KEYS[1], ARGV[2], player)
redis.call('ZADD', KEYS[2], ARGV[3], player)
redis.call('HSET', KEYS[3], 'since', ARGV[3], 'last', last, 'expires', ARGV[6])
redis.call('PEXPIRE', KEYS[3], string.format('%.0f', math.max(1, expires - now) + TICKET_SLACK_MS))

local own_window = window_of(now - since)
local dead = {}
local best -- {id, distance, since, again}

-- since, last opponent of somebody else's ticket; nil when it is dead
local function ticket_of(id)
    local ticket = redis.call('HMGET', ticket_key(id), 'since', 'last', 'expires')
    if not ticket[1] or tonumber(ticket[3]) <= now then
        dead[#dead + 1] = id
        return nil
    end
    return tonumber(ticket[1]), ticket[2]
end

local function is_better(a, b)
    if a.again ~= b.again then return b.again end
    if a.distance ~= b.distance then return a.distance < b.distance end
    if a.since ~= b.since then return a.since < b.since end
    return a.id < b.id
end

local function consider(id, distance)
    if id == player then
        return
    end
    local other_since, other_last = ticket_of(id)
    if not other_since then
        return
    end
    local other_window = window_of(now - other_since)
    if own_window and other_window and distance > math.min(own_window, other_window) then
        return
    end
    local other = { id = id, distance = distance, since = other_since,
                    again = last == id or other_last == player }
    if not best or is_better(other, best) then
        best = other
    end
end

-- A walk through the sorted set away from the own place; `peek` gives the next id and its distance.
local function walk(command, place)
    local list, at = {}, 1
    return {
        peek = function()
            if at > #list then
                list, at = redis.call(command, KEYS[1], place, place + BATCH - 1, 'WITHSCORES'), 1
                place = place + BATCH
            end
            if #list == 0 then
                return nil
            end
            return list[at], math.abs(tonumber(list[at + 1]) - rating)
        end,
        skip = function()
            at = at + 2
        end,
    }
end

-- Nearest first, until `bound` or until nobody better can come.
local function look_outward(bound)
    local up = walk('ZRANGE', redis.call('ZRANK', KEYS[1], player) + 1)
    local down = walk('ZREVRANGE', redis.call('ZREVRANK', KEYS[1], player) + 1)
    while true do
        local id, distance = up.peek()
        local low_id, low_distance = down.peek()
        local side = up
        if not id or (low_id and low_distance < distance) then
            id, distance, side = low_id, low_distance, down
        end
        if not id or (bound and distance > bound) or
            (best and not best.again and distance > best.distance) then
            return
        end
        consider(id, distance)
        side.skip()
    end
end

for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, SWEEP - 1)) do
    if id ~= player then
        ticket_of(id)
    end
end

local cutoff = string.format('%.0f', now - last_third_ms)
local bound = own_window
if own_window then
    if redis.call('ZCOUNT', KEYS[2], '-inf', cutoff) <= DIRECT_MAX then
        for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', cutoff)) do
            local score = redis.call('ZSCORE', KEYS[1], id)
            if score then
                consider(id, math.abs(tonumber(score) - rating))
            else
                dead[#dead + 1] = id
            end
        end
    else
        bound = nil
    end
end
look_outward(bound)

for _, id in ipairs(dead) do
    take_out(id)
end
local opponent = ''
if best then
    opponent = best.id
    take_out(player)
    take_out(opponent)
    redis.call('SET', KEYS[4], opponent, 'EX', LAST_S)
    redis.call('SET', 'duel:last:' .. opponent, player, 'EX', LAST_S)
end
return { redis.call('ZCARD', KEYS[1]), opponent }
