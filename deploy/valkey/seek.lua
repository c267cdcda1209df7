-- Somebody came to the caller to play a match that the caller does not have. Answers {place, node,
-- fence, card 0, card 1, data, terms, time in ms}, place being
--   nowhere    no such match is kept
--   elsewhere  another node, which is alive, has it: `node`
--   successor  a newer process under the caller's own node's name has it; or it cannot be told yet
--              whether its owner is dead, or whether anybody has it, since Valkey was away or has
--              lost everything: come again
--   foreign    the one who came is no player of it, so nothing is taken for him
--   ours       it is the caller's, now or already: the rest is there (data: false when never begun)
-- and of an invitation
--   made       who came has accepted it: a match was made of it just now, which is the caller's
--   invited    it is open, and who came has made it: card 0, terms, the time when it expires
--   replaced   the same, but he waits at another process by now
--   expired, withdrawn, used (its match is over, or came to nothing)
--   busy       one of the two is in another match, or the inviter has to wait for the next rated one
--   cooldown   who came has to wait for the next rated match: so long
--   full       the caller has no room for the match
--
-- ARGV  4 match  5 when the caller was started, in microseconds  6 the player who came, "" when he has
--       proved to be one of the two by a ticket: 7 for this seat  8 his card, "" when no match can be
--       made now  9 terms of an unrated match  10 "1" may play for rating by invitation
--       11 "1" has waited here for somebody to accept his invitation
--
-- May be repeated: what is the caller's stays so, and who accepted is a player of the match from then on.

local function is_newer_than(boot)
    local mine = whole(ARGV[5]) or 0
    local theirs = whole(redis.call('HGET', 'duel:lease:' .. boot, 'born')) or 0
    if mine ~= theirs then
        return mine > theirs
    end
    return me > boot
end

-- Where a match may be of which the key has vanished: with a living process that owns it, and is asked
-- to save it again. Who comes to the owner itself, which does not have it, is in an old list.
local function missed(id)
    redis.call('SREM', 'duel:owned:' .. me, id)
    if is_ended(id) then
        return 'nowhere', ''
    end
    for _, process in ipairs(others_alive()) do
        if redis.call('SISMEMBER', 'duel:owned:' .. process.boot, id) == 1 then
            remind(process.boot, id)
            if process.node == here then
                return 'successor', ''
            end
            return 'elsewhere', process.node
        end
    end
    return is_untold(me) and 'successor' or 'nowhere', ''
end

local function answer(place, node, time)
    return { place, node or '', 0, false, false, false, false, time or 0 }
end

-- ---- invitations ----

local function is_busy(player)
    local current, _, is_missing = playing(player)
    return current or is_missing
end

-- Who waits in the queue, with whatever process, is in the match instead.
local function end_waiting(player)
    local boot = redis.call('HGET', ticket_key(player), 'boot')
    take_out(player)
    if boot and boot ~= me then
        redis.call('PUBLISH', NUDGE .. boot, player)
    end
end

-- The inviter sits in seat 0, as his ticket says.
local function accept(invite, player)
    local rated = invite.rated and ARGV[10] == '1'
    if is_untold(nil) then
        return answer('successor')
    elseif is_busy(player) or is_busy(invite.by) then
        return answer('busy')
    elseif rated and cooldown_ms(player) > 0 then
        return answer('cooldown', '', cooldown_ms(player))
    elseif rated and cooldown_ms(invite.by) > 0 then
        return answer('busy')
    elseif ARGV[8] == '' then
        return answer('full')
    end
    end_waiting(player)
    end_waiting(invite.by)
    close_invite(invite, 'used')
    redis.call('HSET', 'duel:invite:' .. invite.id, 'to', player)
    make_match(invite.id, { [0] = invite.by, player }, { [0] = invite.card, ARGV[8] },
               { boot = me, node = here }, rated and invite.terms or ARGV[9])
    if invite.boot ~= '' and invite.boot ~= me then
        redis.call('PUBLISH', NUDGE .. invite.boot, invite.id)
    end
    local copy = copy_of(invite.id)
    return { 'made', '', read_match(invite.id).fence, copy[1], copy[2], copy[3], copy[4], 0 }
end

-- The inviter, who waits at one process: the one that he came to last.
local function wait(invite)
    if ARGV[11] == '1' and invite.boot ~= me and is_alive(invite.boot) then
        return answer('replaced')
    end
    local key = 'duel:invite:' .. invite.id
    if invite.boot ~= me and invite.boot ~= '' then
        redis.call('PUBLISH', NUDGE .. invite.boot, invite.id)
    end
    redis.call('HSET', key, 'boot', me)
    if ARGV[6] ~= '' and ARGV[8] ~= '' then
        redis.call('HSET', key, 'card', ARGV[8])
    end
    return { 'invited', '', 0, redis.call('HGET', key, 'card'), false, false, invite.terms,
             invite.expires }
end

local function come_to(invite)
    local is_inviter = ARGV[6] == invite.by or (ARGV[6] == '' and ARGV[7] == '0')
    if invite.state == 'used' then
        local is_other = ARGV[6] ~= '' and not is_inviter and ARGV[6] ~= invite.to
        return answer(is_other and 'foreign' or 'used')
    elseif invite.state ~= 'open' then
        return answer(invite.state)
    elseif is_inviter then
        return wait(invite)
    elseif ARGV[6] == '' then
        return answer('nowhere') -- a ticket for a seat that nobody has had
    end
    return accept(invite, ARGV[6])
end

-- ---- matches ----

local match = read_match(ARGV[4])
if not match then
    local invite = read_invite(ARGV[4])
    if invite and invite.state ~= 'used' then
        return come_to(invite) -- so there is no match
    end
    local place, node = missed(ARGV[4])
    return invite and place == 'nowhere' and come_to(invite) or answer(place, node)
end
if ARGV[6] ~= '' and ARGV[6] ~= match.player[0] and ARGV[6] ~= match.player[1] then
    return answer('foreign')
end
if match.owner ~= me then
    if is_alive(match.owner) then
        if match.node ~= here then
            return answer('elsewhere', match.node)
        end
        if not is_newer_than(match.owner) then
            return answer('successor')
        end
    elseif not is_abandoned(match) then
        return answer('successor')
    end
    take(match)
else
    own(match)
end
local copy = copy_of(match.id)
return { 'ours', '', match.fence, copy[1], copy[2], copy[3], copy[4], 0 }
