-- The match that a player is in. Answers {match, node ("": the caller's, or nobody's), phase, seat, card of
-- the opponent}; else {node} where another living process has a ticket of his; else {}, also while the
-- match's key is missing, but then its owner is asked to save it again.
--
-- ARGV  4 player
local match, slot = playing(ARGV[4])
if match then
    local node = place_of(match)
    return { match.id, node ~= here and node or '', match.phase, slot,
             redis.call('HGET', match_key(match.id), 'card' .. 1 - slot) or '' }
end
local ticket = redis.call('HMGET', ticket_key(ARGV[4]), 'boot', 'expires')
if ticket[1] and (whole(ticket[2]) or 0) > clock_ms() and is_alive(ticket[1]) then
    local node = redis.call('HGET', 'duel:lease:' .. ticket[1], 'node')
    if is_node(node) and node ~= here then
        return { node }
    end
end
return {}
