-- A match that is only looked at: nothing is taken over. Answers {place, node, 1 when somebody has begun it,
-- card 0, card 1, terms, expires in ms}, place being
--   nowhere    nothing is kept of it, or it is over
--   elsewhere  another node, which is alive, has it: `node`
--   successor  it cannot be told yet, since Valkey has lost everything: come again
--   ours       the caller's to play, or nobody's: cards and terms are there
--   invited    an open invitation: its inviter's card is card 0; terms and time are there
--   expired, withdrawn  an invitation that is no more
--
-- ARGV  4 match

local function answer(place, node)
    return { place, node or '', 0, false, false, false, 0 }
end

-- With a living process that owns it, while its key has vanished.
local function missed(id)
    for _, process in ipairs(others_alive()) do
        if process.node ~= here and redis.call('SISMEMBER', 'duel:owned:' .. process.boot, id) == 1 then
            return answer('elsewhere', process.node)
        end
    end
    return answer(is_untold(me) and 'successor' or 'nowhere')
end

local match = read_match(ARGV[4])
if match then
    local node, copy = place_of(match), copy_of(match.id)
    if node ~= '' and node ~= here then
        return answer('elsewhere', node)
    elseif match.over then
        return answer('nowhere')
    end
    return { 'ours', '', copy[3] and 1 or 0, copy[1], copy[2], copy[4], 0 }
end
local invite = read_invite(ARGV[4])
if invite and invite.state == 'open' then
    return { 'invited', '', 0, invite.card, false, invite.terms, invite.expires }
elseif invite and invite.state ~= 'used' then
    return answer(invite.state)
elseif is_ended(ARGV[4]) then
    return answer('nowhere')
end
return missed(ARGV[4])
