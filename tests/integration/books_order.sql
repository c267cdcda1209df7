-- Matches that were not rated on top of what was settled before them (by rated_seq), one row for each
-- seat, and those whose change is not what the ratings and the wins settled before them make (R-60 …
-- R-63); no row: all is well. Holds as long as no rating change was replaced: a replaced one counted for
-- those that were settled while it stood.
with seats as (
    select m.id, m.rated_seq, m.player1_id as user_id, m.rating_p1_before as before,
           m.rating_p1_after as after
    from duel_matches m where m.rated_seq is not null
    union all
    select m.id, m.rated_seq, m.player2_id, m.rating_p2_before, m.rating_p2_after
    from duel_matches m where m.rated_seq is not null
), chain as (
    select s.*, lag(s.after, 1, 1000) over (partition by s.user_id order by s.rated_seq) as expected
    from seats s
), wins as (
    select m.id, m.rated_seq, m.winner_id, m.rating_p1_after - m.rating_p1_before as change,
           case when m.winner_id is null then 0 else (
               select count(*) from duel_matches w
               where w.rating_p1_before is not null and w.winner_id = m.winner_id
                 and (w.player1_id, w.player2_id) in ((m.player1_id, m.player2_id),
                                                      (m.player2_id, m.player1_id))
                 and coalesce(w.rated_seq, 0) < m.rated_seq
                 and w.completed_at > m.completed_at - interval '24 hours'
                 and w.completed_at < m.completed_at + interval '24 hours') end as before,
           case m.winner_id
               when m.player1_id then duel_elo_gain(m.rating_p1_before - m.rating_p2_before)
               when m.player2_id then -duel_elo_gain(m.rating_p2_before - m.rating_p1_before)
               else duel_elo_gain(m.rating_p1_before - m.rating_p2_before) - 16 end as full_change
    from duel_matches m where m.rated_seq is not null
)
select format('match %s, number %s: player %s stood at %s, rated from %s', c.id, c.rated_seq,
              c.user_id, c.expected, c.before) as wrong
from chain c where c.before <> c.expected
union all
select format('match %s, number %s: changed by %s, after %s wins of %s by %s at most', w.id, w.rated_seq,
              w.change, w.before, w.winner_id, w.full_change)
from wins w
where w.change <> case when w.before < 3 then w.full_change when w.before = 3 then w.full_change / 2
                       when w.before = 4 then w.full_change / 4 else 0 end
