-- Puts or renews a ticket and pairs it if somebody fits: the rule of core/matchmaker, atomic for
-- all nodes. Who is in a match that goes on gets that match instead. Answers {people waiting now,
-- since of the ticket, match or "", and of a match: seat, 1 when it is the caller's, its node ("":
-- nobody's), fence, card 0, card 1, data (false: never begun), terms; else 1 when he is to ask again
-- soon: he is in a match whose key has vanished, or others may be in such a one, and for how many ms he
-- has to wait, having left matches early: then no ticket was put}.
--
-- ARGV  4 player  5 rating  6 since  7 last opponent or ""  8 now  9 expires
--       10 window  11 step  12 step_ms  13 timeout_ms
--       14 card  15 id of the match if one is made  16 the player's seat in it
--
--   duel:queue          sorted set, rating -> player
--   duel:queue:since    sorted set, waiting since -> player
--   duel:ticket:PLAYER  hash: since, last (opponent), expires, card, boot (of who asked)
--   duel:last:PLAYER    whom this player was paired with last
--
-- May be repeated: the same ticket is put again, with the place in the queue that it has; and who
-- was paired, but was not told, is in that match and is told now. A ticket that vanished (eviction)
-- is put again by the next call. A match that vanished before it was begun costs both the time that
-- they waited.
--
-- A new match is placed on the living process with the least to do, the caller first; on another it
-- is nobody's until that one comes for it.
--
-- Work: people within each other's window do not stay in the queue, so few are looked at; who
-- stands in the last third of the timeout is taken from the second set while these are few, and
-- else met soon by walking outward from the own rating. Thousands may join at once and each of them
-- costs all others the time of this script, so who finds somebody is never put into the queue. Dead
-- tickets go when somebody meets them, or the time they had is up.

local TICKET_SLACK_MS = 5000
local BATCH = 32     -- neighbours fetched at once
local DIRECT_MAX = 64 -- in the last third: so many are looked at one by one
local SWEEP = 8      -- where there are more, of the oldest are looked at for being dead

local player, last = ARGV[4], ARGV[7]
local rating, since, now = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[8])
local expires = tonumber(ARGV[9])
local window, step = tonumber(ARGV[10]), tonumber(ARGV[11])
local step_ms, timeout_ms = tonumber(ARGV[12]), tonumber(ARGV[13])
local last_third_ms = math.ceil(timeout_ms * 2 / 3)

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

local function waiting()
    return redis.call('ZCARD', QUEUE)
end

-- The answer that names a match which was there before.
local function matched(match, slot)
    local copy = copy_of(match.id)
    return { waiting(), since, match.id, slot, match.owner == me and 1 or 0,
             match.owner == me and here or place_of(match), match.fence, copy[1], copy[2], copy[3],
             copy[4] }
end

-- Found as seek.lua would find it, but one that others live to play is left to them.
local current, seat, missed = playing(player)
if missed then
    take_out(player)
    return { waiting(), since, '', 1, 0 }
elseif current then
    take_out(player)
    local node = place_of(current)
    if is_abandoned(current) and (node == here or node == '') then
        take(current)
    end
    return matched(current, seat)
end

local kept = redis.call('HMGET', ticket_key(player), 'since', 'expires')
local is_renewed = (whole(kept[2]) or 0) > now
if is_renewed then
    since = math.min(since, whole(kept[1]) or since)
end
last = redis.call('GET', 'duel:last:' .. player) or last

local function put_ticket()
    redis.call('ZADD', QUEUE, ARGV[5], player)
    redis.call('ZADD', SINCE, digits(since), player)
    redis.call('HSET', ticket_key(player), 'since', digits(since), 'last', last, 'expires', ARGV[9],
               'card', ARGV[14], 'boot', me)
    redis.call('PEXPIRE', ticket_key(player), digits(math.max(1, expires - now) + TICKET_SLACK_MS))
end

local wait_ms = cooldown_ms(player)
if wait_ms > 0 then
    take_out(player)
    return { waiting(), since, '', 0, wait_ms }
end
if not is_renewed then
    withdraw_invites(player) -- of who joins; not those that he makes while he waits
end

if is_untold(nil) then
    put_ticket()
    return { waiting(), since, '', 1, 0 }
end

local own_window = window_of(now - since)
local dead = {}
local best -- {id, distance, since, again, card, boot}

-- Somebody else's ticket: since, last opponent, card, boot; nil when it is dead
local function ticket_of(id)
    local ticket = redis.call('HMGET', ticket_key(id), 'since', 'last', 'expires', 'card', 'boot')
    local other_since = whole(ticket[1])
    if not other_since or not ticket[4] or (whole(ticket[3]) or 0) <= now then
        dead[#dead + 1] = id
        return nil
    end
    return other_since, ticket[2], ticket[4], ticket[5]
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
    local other_since, other_last, card, boot = ticket_of(id)
    if not other_since then
        return
    end
    local other_window = window_of(now - other_since)
    if own_window and other_window and distance > math.min(own_window, other_window) then
        return
    end
    local other = { id = id, distance = distance, since = other_since,
                    again = last == id or other_last == player, card = card, boot = boot }
    if best and not is_better(other, best) then
        return
    end
    local match, _, is_missing = playing(id)
    if match or is_missing then -- a ticket that outlived its purpose
        dead[#dead + 1] = id
    else
        best = other
    end
end

-- A walk through the sorted set away from the own rating; `peek` gives the next id and its distance.
local function walk(command, first, past)
    local list, at, skipped = {}, 1, 0
    return {
        peek = function()
            if at > #list then
                list, at = redis.call(command, QUEUE, first, past, 'WITHSCORES', 'LIMIT', skipped,
                                      BATCH), 1
                skipped = skipped + BATCH
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
    local up = walk('ZRANGEBYSCORE', ARGV[5], '+inf')
    local down = walk('ZREVRANGEBYSCORE', '(' .. ARGV[5], '-inf')
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

local cutoff = digits(now - last_third_ms)
local oldest = redis.call('ZRANGEBYSCORE', SINCE, '-inf', cutoff, 'LIMIT', 0, DIRECT_MAX + 1)
local bound = own_window
if not own_window or #oldest > DIRECT_MAX then
    bound = nil
    for at = 1, math.min(SWEEP, #oldest) do
        if oldest[at] ~= player then
            ticket_of(oldest[at])
        end
    end
else
    for _, id in ipairs(oldest) do
        local score = redis.call('ZSCORE', QUEUE, id)
        if score then
            consider(id, math.abs(tonumber(score) - rating))
        else
            dead[#dead + 1] = id
        end
    end
end
look_outward(bound)

for _, id in ipairs(dead) do
    take_out(id)
end
if not best then
    put_ticket()
    return { waiting(), since, '', 0, 0 }
end

-- ---- a pair ----

-- Another process under the caller's own node's name cannot be named by a path.
local function place()
    local own_lease = redis.call('HMGET', 'duel:lease:' .. me, 'load', 'draining')
    local chosen = { boot = me, node = here, load = whole(own_lease[1]) or 0,
                     draining = own_lease[2] == '1', has_lease = own_lease[1] }
    for _, process in ipairs(others_alive()) do
        if process.node ~= here and not process.draining and
            (chosen.draining or process.load < chosen.load) then
            chosen = process
            chosen.has_lease = true
        end
    end
    -- Counted at once, since many pairs may be made before the process says so itself.
    if chosen.has_lease then
        redis.call('HSET', 'duel:lease:' .. chosen.boot, 'load', digits(chosen.load + 1))
    end
    return chosen
end

local match, slot, process = ARGV[15], tonumber(ARGV[16]), place()
local cards = { [slot] = ARGV[14], [1 - slot] = best.card }
take_out_both(player, best.id)
local fence = make_match(match, { [slot] = player, [1 - slot] = best.id }, cards, process, '')
if best.boot and best.boot ~= me then
    redis.call('PUBLISH', 'duel:nudge:' .. best.boot, best.id)
end
return { waiting(), since, match, slot, process.boot == me and 1 or 0, process.node, fence,
         cards[0], cards[1], false, '' }
