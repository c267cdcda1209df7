-- Matches that were not rated on top of what was settled before them (by rated_seq), one row for each
-- seat; no row: all is well. Holds as long as no rating change was replaced: a replaced one counted for
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
)
select format('match %s, number %s: player %s stood at %s, rated from %s', c.id, c.rated_seq,
              c.user_id, c.expected, c.before) as wrong
from chain c where c.before <> c.expected
