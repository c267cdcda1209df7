-- Takes back an open invitation of a player. Answers 1, or 0 when it is none that he could have taken back.
-- May be repeated: one that was taken back counts as taken back now.
--
-- ARGV  4 player  5 match

local invite = read_invite(ARGV[5])
if not invite or invite.by ~= ARGV[4] then
    return 0
end
if invite.state == 'open' then
    withdraw_invite(invite)
    return 1
end
return invite.state == 'withdrawn' and 1 or 0
