-- The match that a player is in. Answers {match, node ("": the caller's, or nobody's), phase}, or
-- {}. Changes nothing.
--
-- ARGV  4 player
local match = playing(ARGV[4])
if not match then
    return {}
end
local node = place_of(match)
return { match.id, node ~= here and node or '', match.phase }
