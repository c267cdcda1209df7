-- Keeps a live match as it is now. Answers {fence, ""}; or {0, node} when it is somebody else's:
-- where it is, "" for the caller's own node's name or nobody's.
--
-- ARGV  4 match  5 fence  6 "1" awake: players are here; "2" claim: the first of them has come, and
--       nothing was told yet  7 "1" handed over: nobody's from now on
--       8 "1" over  9 player 0  10 player 1  11 card 0  12 card 1  13 data  14 phase
--
-- What is stored or came to nothing is nobody's: refused, but for the finished match, of which
-- nothing need be kept any more.
--
-- Who holds players takes the match back from one who took it and has none; who has none leaves it
-- to one who holds players, whatever the fences. Only to a newer process of the caller's own node's
-- name a match goes with the first player who comes there (a rolling deployment).
--
-- May be repeated: what is written is the same. When the answer of a taking back was lost, the
-- owner is the caller, and the higher fence is answered again.

local id, handed, over = ARGV[4], ARGV[7] == '1', ARGV[8] == '1'
local awake = ARGV[6] == '1' and not handed -- who hands over takes nothing back
local claim = ARGV[6] == '2' and not handed
local fence = whole(ARGV[5]) or 0
local dormant = not awake and not claim
local stored = read_match(id)

local function refused(match)
    local node = place_of(match)
    return { 0, node ~= here and node or '' }
end

if is_ended(id) then
    return { over and fence or 0, '' }
end
if stored and claim and stored.fence > fence then
    return refused(stored) -- even if it is the caller's: what he has is older than that
end
if stored and stored.owner == me then
    fence = math.max(fence, stored.fence)
    dormant = dormant and stored.dormant
elseif stored and claim and stored.fence >= fence then
    return refused(stored) -- it went on elsewhere: what the caller has may be older
elseif stored and stored.fence > fence then
    local successor = stored.node == here and is_alive(stored.owner) and is_newer(stored.owner)
    if successor or not (awake and stored.dormant) then
        return refused(stored)
    end
    fence = stored.fence + 1
elseif stored and not awake and not claim and not stored.dormant and stored.owner ~= '' and
    is_alive(stored.owner) then
    return refused(stored)
end
if stored then
    disown(stored)
end

local key = match_key(id)
redis.call('DEL', key) -- with whatever else is in it
redis.call('HSET', key, 'owner', handed and '' or me, 'node', here, 'fence', digits(fence),
           'dormant', dormant and '1' or '0', 'over', over and '1' or '0', 'phase', ARGV[14],
           'p0', ARGV[9], 'p1', ARGV[10], 'card0', ARGV[11], 'card1', ARGV[12])
if ARGV[13] ~= '' then
    redis.call('HSET', key, 'data', ARGV[13])
end
redis.call('EXPIRE', key, over and OVER_S or LIVE_S)
local is_in = own({ id = id, player = { [0] = ARGV[9], [1] = ARGV[10] }, fence = fence })

for slot = 0, 1 do
    local player = ARGV[9 + slot]
    if over then
        stop_playing(player, id)
    elseif is_in[slot] then
        redis.call('SET', 'duel:playing:' .. player, id, 'EX', LIVE_S)
    end
end
return { fence, '' }
