-- Makes the next match of two who have agreed to it: the caller's, like one of pair.lua's. Answers
-- {outcome, fence, card 0, card 1, data (false), terms, player, ms}, outcome being
--   made     it is made; fence to terms are there
--   refused  `player` is in another match or in the queue, or has to wait for `ms`, having left
--            matches early
--   later    he is, or may be, in a match whose key has vanished: to be asked again soon
--
-- ARGV  4 id of the match  5 player 0  6 player 1  7 card 0  8 card 1  9 terms  10 "1" rated
--
-- May be repeated: what was made stays as it is, until it is begun.

local id, players = ARGV[4], { [0] = ARGV[5], [1] = ARGV[6] }

local function is_between_them(match)
    return match and match.owner == me and
        (match.player[0] == players[0] and match.player[1] == players[1] or
         match.player[0] == players[1] and match.player[1] == players[0])
end

local function made()
    local match, copy = read_match(id), copy_of(id)
    return { 'made', match.fence, copy[1], copy[2], copy[3], copy[4], '', 0 }
end

local function refused(outcome, player, wait_ms)
    return { outcome, 0, false, false, false, false, player, wait_ms }
end

-- A ticket whose player does not wait any more is not in the way.
local function is_queued(player)
    return redis.call('ZSCORE', QUEUE, player) and
        (whole(redis.call('HGET', ticket_key(player), 'expires')) or 0) > clock_ms()
end

if is_between_them(read_match(id)) then
    return made()
end
if is_ended(id) then
    return refused('later', '', 0) -- given up again: a call that was done late
end
for slot = 0, 1 do
    local match, _, missed = playing(players[slot])
    if missed then
        return refused('later', players[slot], 0)
    elseif match or is_queued(players[slot]) then
        return refused('refused', players[slot], 0)
    end
    local wait_ms = ARGV[10] == '1' and cooldown_ms(players[slot]) or 0
    if wait_ms > 0 then
        return refused('refused', players[slot], wait_ms)
    end
end
if is_untold(nil) then
    return refused('later', '', 0)
end
take_out(players[0])
take_out(players[1])
make_match(id, players, { [0] = ARGV[7], [1] = ARGV[8] }, { boot = me, node = here }, ARGV[9])
return made()
