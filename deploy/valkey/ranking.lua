-- The ranking lb:duels:elo: a sorted set, rating -> player, that is a copy of duel_ratings. Read, filled
-- and mended here; publish.lua keeps it up to date. Answers texts only.
--
-- ARGV  4 what is to be done, with
--   "page"    5 offset  6 limit            answers {whole, total, position, rank, "", entries}
--   "around"  5 player  6 distance         answers {whole, total, position, rank, own rank, entries}
--   "fill"    5 stamp or ""  6 entries     answers {stamp}, or {""}: what was filled before is lost
--   "seal"    5 stamp                      answers {stamp}, or {""}
--   "scan"    5 cursor                     answers {cursor, entries}
--   "mend"    5 corrections                answers {how many were made}
--
-- Entries are one text, "<player>:<rating>" with blanks between; corrections "<player>:<rating that was
-- read here, or nothing>:<rating that is stored, or nothing>". `position` (from 0) and `rank` are those of
-- the first entry; equal ratings share the best of their ranks.
--
-- Any key may vanish, and then publish.lua makes the set anew with two members: so whether it is whole
-- must be known from the set itself. Its time of expiry says it, a time that never comes: a set that was
-- made by a ZADD alone has none; one that is being filled has an even one, a fresh number for each filling;
-- one that is whole has that number and one.
--
-- A fill adds what is missing and changes nothing, so that a rating which was published after the page was
-- read stays. A mend changes a member only when it is still what it was before the stored rating was
-- read, for the same reason. All may be repeated.

local RANKING = 'lb:duels:elo'
local STAMP_MIN = 2 * 10 ^ 15 -- a time of expiry in ms, tens of thousands of years ahead
local SCAN_COUNT = 200
local HEX = '%x%x%x%x'
local PLAYER = '^' .. HEX .. HEX .. '%-' .. HEX .. '%-' .. HEX .. '%-' .. HEX .. '%-' .. HEX .. HEX .. HEX .. '$'

local function stamp_now()
    local at = redis.call('PEXPIRETIME', RANKING)
    return at >= STAMP_MIN and at or nil
end

local function is_whole(stamp)
    return stamp and stamp % 2 == 1
end

local function base(stamp)
    return stamp - stamp % 2
end

-- Members and scores in turn as entries, and whether all are players; what is none is taken out.
local function entries_of(list)
    local entries, clean = {}, true
    for i = 1, #list, 2 do
        if string.find(list[i], PLAYER) then
            entries[#entries + 1] = list[i] .. ':' .. list[i + 1]
        else
            redis.call('ZREM', RANKING, list[i])
            clean = false
        end
    end
    return table.concat(entries, ' '), clean
end

local function rank_of(score)
    return redis.call('ZCOUNT', RANKING, '(' .. score, '+inf') + 1
end

-- The answer with what stands from `first` to `last`.
local function rows(total, first, last, own_rank)
    local list = redis.call('ZREVRANGE', RANKING, first, last, 'WITHSCORES')
    local entries, clean = entries_of(list)
    if not clean then
        return { '0' }
    end
    local rank = list[2] and rank_of(list[2]) or 1
    return { '1', digits(total), digits(first), digits(rank), own_rank, entries }
end

local todo = {}

function todo.page()
    local first, limit = tonumber(ARGV[5]), tonumber(ARGV[6])
    return rows(redis.call('ZCARD', RANKING), first, first + limit - 1, '')
end

function todo.around()
    local place = redis.call('ZREVRANK', RANKING, ARGV[5])
    local total = redis.call('ZCARD', RANKING)
    if not place then
        return { '1', digits(total), '0', '1', '', '' }
    end
    local distance = tonumber(ARGV[6])
    local own_rank = rank_of(redis.call('ZSCORE', RANKING, ARGV[5]))
    return rows(total, math.max(0, place - distance), place + distance, digits(own_rank))
end

function todo.fill(stamp)
    local given = tonumber(ARGV[5])
    if given and (not stamp or base(stamp) ~= given) then
        return { '' }
    end
    local adds = {}
    for player, rating in string.gmatch(ARGV[6], '(%S+):(%S+)') do
        adds[#adds + 1] = rating
        adds[#adds + 1] = player
    end
    if #adds > 0 then
        redis.call('ZADD', RANKING, 'NX', unpack(adds))
    end
    if not stamp then
        stamp = 2 * clock_us()
        redis.call('PEXPIREAT', RANKING, digits(stamp))
    end
    return { digits(base(stamp)) }
end

function todo.seal(stamp)
    local given = tonumber(ARGV[5])
    if not stamp or base(stamp) ~= given then
        return { '' }
    end
    redis.call('PEXPIREAT', RANKING, digits(given + 1))
    return { digits(given) }
end

function todo.scan()
    local found = redis.call('ZSCAN', RANKING, ARGV[5], 'COUNT', SCAN_COUNT)
    return { found[1], (entries_of(found[2])) }
end

function todo.mend()
    local made = 0
    for player, old, new in string.gmatch(ARGV[5], '([^%s:]+):([^%s:]*):([^%s:]*)') do
        if (redis.call('ZSCORE', RANKING, player) or '') == old then
            if new == '' then
                redis.call('ZREM', RANKING, player)
            else
                redis.call('ZADD', RANKING, new, player)
            end
            made = made + 1
        end
    end
    return { digits(made) }
end

if redis.call('TYPE', RANKING).ok ~= 'zset' then
    redis.call('DEL', RANKING) -- missing, or somebody's mistake
end
local stamp = stamp_now()
if (ARGV[4] == 'page' or ARGV[4] == 'around') and not is_whole(stamp) then
    return { '0' }
end
return todo[ARGV[4]](stamp)
