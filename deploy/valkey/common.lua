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
local WITHDRAWN_S = 600    -- who comes to an invitation is told why it is none any more
local ENDED_S = 600        -- how long an owner may have been away and be told
local LAST_S = 86400       -- whom a player met last
local AGAIN_MS = 3000      -- for a process to save a match again whose key has vanished
local SINCE_MS = 3000      -- for all to do so once everything has vanished
local PROCESSES_MAX = 64   -- looked at, latest renewed first
local NUMBER_MAX = 2 ^ 52  -- in microseconds: the year 2112

local NUDGE, PLAYERS = 'duel:nudge:', 'duel:players:'

-- A whole number from 0, or nil.
local function whole(text)
    local number = tonumber(text or nil)
    if number and number >= 0 and number < NUMBER_MAX and number == math.floor(number) then
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

local clock -- of the call: read once, it stands still meanwhile

local function clock_us()
    if not clock then
        local time = redis.call('TIME')
        clock = tonumber(time[1]) * 1000000 + tonumber(time[2])
    end
    return clock
end

local function clock_ms()
    return math.floor(clock_us() / 1000)
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

local boots_list -- read once a call

-- Living ones and those that were there lately, the caller first.
local function boots()
    if boots_list then
        return boots_list
    end
    local list = { me }
    for _, boot in ipairs(redis.call('ZREVRANGE', 'duel:boots', 0, PROCESSES_MAX - 1)) do
        if boot ~= me then
            list[#list + 1] = boot
        end
    end
    boots_list = list
    return list
end

-- The other living ones: {boot, node, load, draining}.
local function others_alive()
    local list = {}
    for at = 2, #boots() do
        local boot = boots()[at]
        local lease = redis.call('HMGET', 'duel:lease:' .. boot, 'node', 'load', 'draining')
        if is_node(lease[1]) then
            list[#list + 1] = { boot = boot, node = lease[1], load = whole(lease[2]) or 0,
                                draining = lease[3] == '1' }
        end
    end
    return list
end

-- A living process is to look at a match of its own again.
local function remind(boot, id)
    redis.call('LREM', 'duel:lost:' .. boot, 0, id)
    redis.call('RPUSH', 'duel:lost:' .. boot, id)
    redis.call('EXPIRE', 'duel:lost:' .. boot, LOST_S)
    redis.call('PUBLISH', NUDGE .. boot, '')
end

-- Whether matches may be played of which nothing is kept here: Valkey has lost everything just now, and
-- not every process that listens, but for `known`, has said again what it plays; or some have not even
-- found back to it. One that is frozen is waited for as long as that is news.
local function is_untold(known)
    local now, since = clock_ms(), whole(redis.call('GET', 'duel:since'))
    if not since or since > now then
        since = now
        redis.call('SET', 'duel:since', digits(now))
    end
    if now - since >= SINCE_MS then
        return false
    end
    if tonumber(connection) > 1 and is_settling() then
        return true
    end
    for _, channel in ipairs(redis.call('PUBSUB', 'CHANNELS', NUDGE .. '*')) do
        local boot = string.sub(channel, #NUDGE + 1)
        if boot ~= known and redis.call('HGET', PLAYERS .. boot, 'whole') ~= '1' then
            return true
        end
    end
    return false
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

-- Cards, data and terms; false where there is none.
local function copy_of(id)
    return redis.call('HMGET', match_key(id), 'card0', 'card1', 'data', 'terms')
end

-- That it is gone for good; a vanished key looks the same otherwise, and an owner who was away
-- would put it there again and play on.
local function is_ended(id)
    return redis.call('EXISTS', 'duel:ended:' .. id) == 1
end

local function set_ended(id)
    redis.call('SET', 'duel:ended:' .. id, '1', 'EX', ENDED_S)
end

-- ---- who plays ----

-- The match, when it goes on with this player, and the seat.
local function seat_in(id, player)
    local match = id and read_match(id)
    if match and not match.over then
        for slot = 0, 1 do
            if match.player[slot] == player then
                return match, slot
            end
        end
    end
    return nil
end

-- What a process has noted of a player: the match; and until when it was asked to save that again.
local function noted(boot, player)
    local note = redis.call('HGET', PLAYERS .. boot, player)
    if not note then
        return nil
    end
    local id, till = string.match(note, '^(%S+) ?(%d*)$')
    return id, whole(till)
end

-- A match that a process has noted is not there. When it lives it is asked to save it again, and has
-- some time for that; then the note counts as an old one and goes.
local function is_missed(boot, player, id, till)
    local now = clock_ms()
    if not is_alive(boot) then
        return false
    elseif is_ended(id) or (till and till <= now) then
        redis.call('HDEL', PLAYERS .. boot, player)
        return false
    end
    if not till then
        redis.call('HSET', PLAYERS .. boot, player, id .. ' ' .. digits(now + AGAIN_MS))
    end
    remind(boot, id)
    return true
end

-- The match that a player is in, and the seat; nil when there is none that goes on. Third, true when a
-- living process has one of which the key has vanished: then he is in that, and it will be there soon.
-- Whichever key vanished, another one says it: the player's own, or what each process has noted.
local function playing(player)
    local match, slot = seat_in(redis.call('GET', 'duel:playing:' .. player), player)
    if match then
        return match, slot
    end
    local missed = false
    for _, boot in ipairs(boots()) do
        local id, till = noted(boot, player)
        match, slot = seat_in(id, player)
        if match then
            return match, slot
        elseif id and redis.call('EXISTS', match_key(id)) == 0 then
            missed = is_missed(boot, player, id, till) or missed
        end
    end
    return nil, nil, missed
end

local function forget_note(boot, player, id)
    if noted(boot, player) == id then
        redis.call('HDEL', PLAYERS .. boot, player)
    end
end

local function stop_playing(player, id)
    if redis.call('GET', 'duel:playing:' .. player) == id then
        redis.call('DEL', 'duel:playing:' .. player)
    end
    for _, boot in ipairs(boots()) do
        forget_note(boot, player, id)
    end
end

-- ---- whose it is ----

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

-- It is not its owner's any more. One that lives is told.
local function disown(match)
    local owner = match.owner
    if owner == me or owner == '' then
        return
    end
    redis.call('SREM', 'duel:owned:' .. owner, match.id)
    for slot = 0, 1 do
        forget_note(owner, match.player[slot], match.id)
    end
    if is_alive(owner) then
        remind(owner, match.id)
    end
end

-- It is in the lists of the caller's. Who was found to be in no match (keys had vanished) may be in a
-- newer one, and is left there. Returns by seat who is in this one.
local function own(match)
    redis.call('SADD', 'duel:owned:' .. me, match.id)
    redis.call('EXPIRE', 'duel:owned:' .. me, OWNED_S)
    redis.call('LREM', 'duel:lost:' .. me, 0, match.id)
    local is_in = {}
    for slot = 0, 1 do
        local other = playing(match.player[slot])
        if not other or other.id == match.id or other.fence <= match.fence then
            redis.call('HSET', PLAYERS .. me, match.player[slot], match.id)
            is_in[slot] = true
        end
    end
    redis.call('EXPIRE', PLAYERS .. me, OWNED_S)
    return is_in
end

-- Whether nobody can be left who plays it, as far as the caller can know.
local function is_abandoned(match)
    return not is_alive(match.owner) and
        (match.owner == '' or match.node == here or not is_settling())
end

-- It is the caller's from now on, without players yet.
local function take(match)
    disown(match)
    match.owner, match.node = me, here
    match.fence = math.max(match.fence + 1, clock_us())
    redis.call('HSET', match_key(match.id), 'owner', me, 'node', here, 'fence', digits(match.fence),
               'dormant', '1')
    own(match)
end

-- A match that nobody has begun: the caller's, or nobody's until `process` comes for it. Players and
-- cards are by seat, from 0; `terms` say what it is played for, "" for a match of the queue. Nobody of
-- them is in another match. Returns its fence.
local function make_match(id, players, cards, process, terms)
    local key, notes, fence = match_key(id), PLAYERS .. process.boot, clock_us()
    redis.call('DEL', key)
    redis.call('HSET', key, 'owner', process.boot == me and me or '', 'node', process.node,
               'fence', digits(fence), 'dormant', '1', 'over', '0', 'phase', 'waiting',
               'p0', players[0], 'p1', players[1], 'card0', cards[0], 'card1', cards[1],
               'terms', terms)
    redis.call('EXPIRE', key, MADE_S)
    for slot = 0, 1 do
        redis.call('SET', 'duel:playing:' .. players[slot], id, 'EX', MADE_S)
        redis.call('SET', 'duel:last:' .. players[slot], players[1 - slot], 'EX', LAST_S)
    end
    redis.call('HSET', notes, players[0], id, players[1], id)
    redis.call('EXPIRE', notes, OWNED_S)
    if process.boot == me then
        redis.call('SADD', 'duel:owned:' .. me, id)
        redis.call('EXPIRE', 'duel:owned:' .. me, OWNED_S)
    end
    return fence
end

-- ---- the queue ----

local QUEUE, SINCE = 'duel:queue', 'duel:queue:since'

local function ticket_key(player)
    return 'duel:ticket:' .. player
end

local function take_out(player)
    redis.call('ZREM', QUEUE, player)
    redis.call('ZREM', SINCE, player)
    redis.call('DEL', ticket_key(player))
end

local function take_out_both(player, other)
    redis.call('ZREM', QUEUE, player, other)
    redis.call('ZREM', SINCE, player, other)
    redis.call('DEL', ticket_key(player), ticket_key(other))
end

-- ---- who leaves early ----

local HOUR_MS = 3600000
local LEFT_MAX = 3          -- so many rated matches left within an hour,
local COOLDOWN_MS = 120000  -- are a reason to wait so long after the latest

local function left_key(player)
    return 'duel:left:' .. player
end

-- For how many ms a player has to wait for the next rated match; 0: not at all (R-91).
local function cooldown_ms(player)
    local key, now = left_key(player), clock_ms()
    if redis.call('ZCOUNT', key, digits(now - HOUR_MS), '+inf') < LEFT_MAX then
        return 0
    end
    local latest = tonumber(redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2])
    return math.max(0, math.floor(math.min(latest, now) + COOLDOWN_MS - now))
end

-- ---- invitations ----

-- The invitation of this id; nil when there is none. `state` is "open", "expired", "withdrawn" or "used";
-- `boot` the process where the inviter waits, or "".
local function read_invite(id)
    local field = redis.call('HMGET', 'duel:invite:' .. id, 'by', 'card', 'terms', 'expires', 'rated',
                             'state', 'boot', 'to')
    local expires, state = whole(field[4]), field[6]
    if not field[1] or not field[2] or not expires or
        (state ~= 'open' and state ~= 'withdrawn' and state ~= 'used') then
        return nil
    end
    if state == 'open' and expires <= clock_ms() then
        state = 'expired'
    end
    return { id = id, by = field[1], card = field[2], terms = field[3] or '', expires = expires,
             rated = field[5] == '1', state = state, boot = field[7] or '', to = field[8] or '' }
end

-- Open from now on no more: taken back, or used.
local function close_invite(invite, state)
    redis.call('HSET', 'duel:invite:' .. invite.id, 'state', state)
    if state == 'withdrawn' then
        redis.call('EXPIRE', 'duel:invite:' .. invite.id, WITHDRAWN_S)
    end
    redis.call('SREM', 'duel:invites:' .. invite.by, invite.id)
end

local function withdraw_invite(invite)
    close_invite(invite, 'withdrawn')
    if invite.boot ~= '' then
        redis.call('PUBLISH', NUDGE .. invite.boot, invite.id)
    end
end

local function withdraw_invites(player)
    local open = redis.call('SMEMBERS', 'duel:invites:' .. player)
    if #open == 0 then
        return
    end
    for _, id in ipairs(open) do
        local invite = read_invite(id)
        if invite and invite.by == player and invite.state == 'open' then
            withdraw_invite(invite)
        end
    end
    redis.call('DEL', 'duel:invites:' .. player)
end
