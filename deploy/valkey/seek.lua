-- Somebody came to the caller to play a match that the caller does not have. Answers {place, node,
-- fence, card 0, card 1, data}, place being
--   nowhere    no such match is kept
--   elsewhere  another node, which is alive, has it: `node`
--   successor  a newer process under the caller's own node's name has it; or it cannot be told yet
--              whether its owner is dead, since Valkey was away: come again
--   foreign    the one who came is no player of it, so nothing is taken for him
--   ours       it is the caller's, now or already: the rest is there (data: false when never begun)
--
-- ARGV  4 match  5 when the caller was started, in microseconds  6 the player who came, "" when he has
--       proved to be one of the two
--
-- May be repeated: what is the caller's stays so.

local function is_newer_than(boot)
    local mine = whole(ARGV[5]) or 0
    local theirs = whole(redis.call('HGET', 'duel:lease:' .. boot, 'born')) or 0
    if mine ~= theirs then
        return mine > theirs
    end
    return me > boot
end

local match = read_match(ARGV[4])
if not match then
    return { 'nowhere', '', 0, false, false, false }
end
if ARGV[6] ~= '' and ARGV[6] ~= match.player[0] and ARGV[6] ~= match.player[1] then
    return { 'foreign', '', 0, false, false, false }
end
if match.owner ~= me then
    if is_alive(match.owner) then
        if match.node ~= here then
            return { 'elsewhere', match.node, 0, false, false, false }
        end
        if not is_newer_than(match.owner) then
            return { 'successor', '', 0, false, false, false }
        end
    elseif not is_abandoned(match) then
        return { 'successor', '', 0, false, false, false }
    end
    take(match)
else
    own(match.id)
end
local copy = copy_of(match.id)
return { 'ours', '', match.fence, copy[1], copy[2], copy[3] }
