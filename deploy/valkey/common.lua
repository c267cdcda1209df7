-- What stands in front of every script when it is loaded: who calls, and what the scripts share.
--
-- KEYS  none: which keys are needed is known only from what others say. So all this is for a single
--       Valkey, not for a cluster.
-- ARGV  1 boot id of the calling process  2 number of its connection  3 its node
--       the script's own begin at 4
--
-- Any key may be missing at any time and any field may be garbage: then it counts as not there.
-- Leases and fences are judged by Valkey's own clock. A match whose owner is "" is nobody's: made
-- for a process that has not come for it, or handed over by one that stopped.

local me, connection, here = ARGV[1], ARGV[2], ARGV[3]

local MADE_S = 120         -- a match that nobody has begun
local LIVE_S = 3600        -- one that goes on, since its last save
local OVER_S = 86400       -- one that has ended, until it is stored
local OWNED_S = 86400
local LOST_S = 60
local ENDED_S = 600        -- how long an owner may have been away and be told
local PROCESSES_MAX = 64   -- looked at, latest renewed first
local WHOLE_MAX = 2 ^ 52   -- in microseconds: the year 2112

-- A whole number from 0, or nil.
local function whole(text)
    local number = tonumber(text or nil)
    if number and number >= 0 and number < WHOLE_MAX and number == math.floor(number) then
        return number
    end
    return nil
end

-- A call that a server does late (it was frozen, and the connection given up) must not undo what
-- was asked since over the next connection.
if (whole(redis.call('GET', 'duel:conn:' .. me)) or 0) > tonumber(connection) then
    return redis.error_reply('STALE a later connection of this process has taken over')
end

-- All digits: Lua would write large numbers with an exponent.
local function digits(number)
    return string.format('%.0f', number)
end

local function clock_us()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function is_node(name)
    return name and #name <= 16 and string.find(name, '^[%l%d-]+$') ~= nil
end

local function match_key(id)
    return 'duel:match:' .. id
end

-- ---- processes ----

local function is_alive(boot)
    return boot == me or (boot ~= '' and redis.call('EXISTS', 'duel:lease:' .. boot) == 1)
end

-- Whether a living process was started later than the caller.
local function is_newer(boot)
    local mine = whole(redis.call('HGET', 'duel:lease:' .. me, 'born')) or 0
    local theirs = whole(redis.call('HGET', 'duel:lease:' .. boot, 'born')) or 0
    return theirs > mine or (theirs == mine and boot > me)
end

-- After Valkey was away a lease that ran out says nothing about its process, which may only be slower to
-- come back than the caller.
local function is_settling()
    return redis.call('EXISTS', 'duel:settling:' .. me) == 1
end

-- The other living ones: {boot, node, load, draining}.
local function others_alive()
    local list = {}
    for _, boot in ipairs(redis.call('ZREVRANGE', 'duel:boots', 0, PROCESSES_MAX - 1)) do
        local lease = redis.call('HMGET', 'duel:lease:' .. boot, 'node', 'load', 'draining')
        if boot ~= me and is_node(lease[1]) then
            list[#list + 1] = { boot = boot, node = lease[1], load = whole(lease[2]) or 0,
                                draining = lease[3] == '1' }
        end
    end
    return list
end

-- ---- matches ----

-- The match as it is kept, without its blobs; nil when there is none. An owner to whom nobody can
-- be sent counts as none.
local function read_match(id)
    local field = redis.call('HMGET', match_key(id), 'p0', 'p1', 'owner', 'node', 'fence',
                             'dormant', 'over', 'phase')
    if not field[1] or not field[2] then
        return nil
    end
    local owner, node = field[3] or '', field[4]
    if owner ~= '' and not is_node(node) then
        node = redis.call('HGET', 'duel:lease:' .. owner, 'node')
    end
    if not is_node(node) then
        owner, node = owner == me and me or '', ''
    end
    return { id = id, player = { [0] = field[1], [1] = field[2] }, owner = owner, node = node,
             fence = whole(field[5]) or 0, dormant = field[6] == '1', over = field[7] == '1',
             phase = field[8] or '' }
end

-- Cards and data; false where there is none.
local function copy_of(id)
    return redis.call('HMGET', match_key(id), 'card0', 'card1', 'data')
end

-- The match that a player is in, and the seat; nil when there is none that goes on.
local function playing(player)
    local id = redis.call('GET', 'duel:playing:' .. player)
    local match = id and read_match(id)
    if not match or match.over then
        return nil
    end
    for slot = 0, 1 do
        if match.player[slot] == player then
            return match, slot
        end
    end
    return nil
end

-- That it is gone for good; a vanished key looks the same otherwise, and an owner who was away
-- would put it there again and play on.
local function is_ended(id)
    return redis.call('EXISTS', 'duel:ended:' .. id) == 1
end

local function set_ended(id)
    redis.call('SET', 'duel:ended:' .. id, '1', 'EX', ENDED_S)
end

local function stop_playing(player, id)
    if redis.call('GET', 'duel:playing:' .. player) == id then
        redis.call('DEL', 'duel:playing:' .. player)
    end
end

-- The node where somebody lives who is to play it, or "".
local function place_of(match)
    if is_alive(match.owner) or match.node == here then
        return match.node
    end
    for _, process in ipairs(others_alive()) do
        if process.node == match.node then
            return match.node
        end
    end
    return ''
end

-- It is not `owner`'s any more. One that lives is told.
local function disown(id, owner)
    if owner == me or owner == '' then
        return
    end
    redis.call('SREM', 'duel:owned:' .. owner, id)
    if is_alive(owner) then
        redis.call('RPUSH', 'duel:lost:' .. owner, id)
        redis.call('EXPIRE', 'duel:lost:' .. owner, LOST_S)
        redis.call('PUBLISH', 'duel:nudge:' .. owner, '')
    end
end

-- It is in the list of the caller's.
local function own(id)
    redis.call('SADD', 'duel:owned:' .. me, id)
    redis.call('EXPIRE', 'duel:owned:' .. me, OWNED_S)
    redis.call('LREM', 'duel:lost:' .. me, 0, id)
end

-- Whether nobody can be left who plays it, as far as the caller can know.
local function is_abandoned(match)
    return not is_alive(match.owner) and
        (match.owner == '' or match.node == here or not is_settling())
end

-- It is the caller's from now on, without players yet.
local function take(match)
    disown(match.id, match.owner)
    match.owner, match.node = me, here
    match.fence = math.max(match.fence + 1, clock_us())
    redis.call('HSET', match_key(match.id), 'owner', me, 'node', here, 'fence', digits(match.fence),
               'dormant', '1')
    own(match.id)
end
