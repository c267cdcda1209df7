-- What does not add up in the books of finished duels, one row each; no row: all is well. Every rating
-- is 1000 and the stored changes, wins, losses and draws are the rated matches, and a match that is
-- rated is rated whole. Holds at any moment, whatever was stored twice or replaced.
with seats as (
    select m.player1_id as user_id, m.winner_id, m.rating_p1_after - m.rating_p1_before as change
    from duel_matches m where m.rating_p1_before is not null
    union all
    select m.player2_id, m.winner_id, m.rating_p2_after - m.rating_p2_before
    from duel_matches m where m.rating_p1_before is not null
), sums as (
    select s.user_id, 1000 + sum(s.change) as rating,
           count(*) filter (where s.winner_id = s.user_id) as wins,
           count(*) filter (where s.winner_id <> s.user_id) as losses,
           count(*) filter (where s.winner_id is null) as draws
    from seats s group by s.user_id
)
select format('player %s: rating %s, won %s, lost %s, drew %s; by the matches %s, %s, %s, %s', user_id,
              r.rating, r.wins, r.losses, r.draws, s.rating, s.wins, s.losses, s.draws) as wrong
from duel_ratings r full join sums s using (user_id)
where (r.rating, r.wins, r.losses, r.draws) is distinct from
      (coalesce(s.rating, 1000), coalesce(s.wins, 0), coalesce(s.losses, 0), coalesce(s.draws, 0))
union all
select format('match %s: %s, fence %s, %s to %s and %s to %s as number %s', m.id, m.status, m.fence,
              m.rating_p1_before, m.rating_p1_after, m.rating_p2_before, m.rating_p2_after,
              m.rated_seq)
from duel_matches m
where num_nulls(m.rating_p1_before, m.rating_p1_after, m.rating_p2_before, m.rating_p2_after)
      not in (0, 4)
   or m.rating_p1_before + m.rating_p2_before <> m.rating_p1_after + m.rating_p2_after
   or (m.rating_p1_before is not null and m.status <> 'completed')
   or (m.fence is not null and (m.rated_seq is null) <> (m.rating_p1_before is null))
   or m.fence < 0
