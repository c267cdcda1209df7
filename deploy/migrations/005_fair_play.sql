-- Fair play: wins over the same opponent again and again move ratings less (R-62, R-63), and what a
-- player who comes has met before. Additive: a server of before goes on with duel_player, and
-- duel_store_match answers it as ever.

create index if not exists idx_duels_rated_pair
    on public.duel_matches (player1_id, player2_id, completed_at)
    where rating_p1_before is not null;
create index if not exists idx_duels_rated_pair_turned
    on public.duel_matches (player2_id, player1_id, completed_at)
    where rating_p1_before is not null;

-- ---- ratings ----

-- How many rated wins of `winner` over `loser` ended less than 24 h from `at`; 5 or more are alike.
-- They are those that were settled before the one that is asked about, whichever side of `at` they
-- lie: that is the order in which ratings move (rated_seq) and changes are told. So a result that
-- comes late (after an outage) alters nothing told, and of so many wins as many get the full change
-- in whatever order they come. Sorted, so that an index by time is taken and no more is read of two
-- who have played each other for years.
create or replace function public.duel_wins_near(winner uuid, loser uuid, at timestamptz)
returns integer
language sql stable set search_path = public, pg_temp as $$
    select count(*)::integer
    from (
        (select 1 from duel_matches a
         where a.player1_id = winner and a.player2_id = loser and a.winner_id = winner
           and a.rating_p1_before is not null and a.completed_at > at - interval '24 hours'
           and a.completed_at < at + interval '24 hours'
         order by a.completed_at limit 5)
        union all
        (select 1 from duel_matches b
         where b.player1_id = loser and b.player2_id = winner and b.winner_id = winner
           and b.rating_p1_before is not null and b.completed_at > at - interval '24 hours'
           and b.completed_at < at + interval '24 hours'
         order by b.completed_at limit 5)
    ) both_seats
$$;

-- The change that a win still makes after `wins` others of the same one over the same other,
-- rounded towards 0. The server holds the same rule (core/rating).
create or replace function public.duel_lessened(change integer, wins integer) returns integer
language sql immutable set search_path = public, pg_temp as $$
    select case when wins < 3 then change when wins = 3 then change / 2
                when wins = 4 then change / 4 else 0 end
$$;

-- Rates a match that is not rated: works the change out and stores it with the match, numbered
-- while both ratings are locked, so the numbers are the order in which each player's rating moved,
-- and no other match of the two is settled meanwhile.
create or replace function public.duel_rate(match_id uuid, p1 uuid, p2 uuid, winner integer)
returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    r1 integer;
    r2 integer;
    ended timestamptz;
    change integer; -- of p1
begin
    perform duel_lock_ratings(p1, p2);
    select r.rating into strict r1 from duel_ratings r where r.user_id = p1;
    select r.rating into strict r2 from duel_ratings r where r.user_id = p2;
    select m.completed_at into strict ended from duel_matches m where m.id = match_id;
    change := case winner
        when 0 then duel_lessened(duel_elo_gain(r1 - r2), duel_wins_near(p1, p2, ended))
        when 1 then -duel_lessened(duel_elo_gain(r2 - r1), duel_wins_near(p2, p1, ended))
        else duel_elo_gain(r1 - r2) - 16
    end;
    update duel_ratings r
    set rating = r.rating + case when r.user_id = p1 then change else -change end,
        wins = r.wins + (winner = case when r.user_id = p1 then 0 else 1 end)::integer,
        losses = r.losses + (winner = case when r.user_id = p1 then 1 else 0 end)::integer,
        draws = r.draws + (winner = -1)::integer,
        updated_at = now()
    where r.user_id in (p1, p2);
    update duel_matches m
    set rating_p1_before = r1, rating_p1_after = r1 + change,
        rating_p2_before = r2, rating_p2_after = r2 - change,
        rated_seq = nextval('duel_rated_seq')
    where m.id = match_id;
end $$;

-- ---- who comes ----

-- With how many different people this player has finished rated matches; more than 10 are 10. From
-- each to the next by id, so that it costs the same however many matches there are.
create or replace function public.duel_opponents(player uuid) returns integer
language sql stable set search_path = public, pg_temp as $$
    with recursive met (opponent, number) as (
        select '00000000-0000-0000-0000-000000000000'::uuid, 0
        union all
        select least((select m.player2_id from duel_matches m
                      where m.player1_id = player and m.rating_p1_before is not null
                        and m.player2_id > met.opponent order by m.player2_id limit 1),
                     (select m.player1_id from duel_matches m
                      where m.player2_id = player and m.rating_p1_before is not null
                        and m.player1_id > met.opponent order by m.player1_id limit 1)),
               met.number + 1
        from met where met.opponent is not null and met.number < 10
    )
    select count(met.opponent)::integer - 1 from met
$$;

-- YouTube ids of the videos in the rounds of this player's last 8 matches, newest first, at most
-- 24, with blanks between.
create or replace function public.duel_videos_met(player uuid) returns text
language sql stable set search_path = public, pg_temp as $$
    select coalesce(string_agg(shown.video, ' '
                               order by shown.completed_at desc, shown.id desc, shown.n desc), '')
    from (
        select r.value ->> 'video_id' as video, last.completed_at, last.id, r.n
        from (
            select * from (
                (select a.id, a.completed_at, a.rounds from duel_matches a
                 where a.player1_id = player and a.completed_at is not null
                 order by a.completed_at desc, a.id desc limit 8)
                union all
                (select b.id, b.completed_at, b.rounds from duel_matches b
                 where b.player2_id = player and b.completed_at is not null
                 order by b.completed_at desc, b.id desc limit 8)
            ) both_seats
            order by completed_at desc, id desc limit 8
        ) last
        cross join jsonb_array_elements(case jsonb_typeof(last.rounds) when 'array' then last.rounds
                                                                       else '[]' end)
             with ordinality as r (value, n)
        where r.value ->> 'video_id' <> ''
        order by last.completed_at desc, last.id desc, r.n desc limit 24
    ) shown
$$;

-- The player of a Logto `sub` as duel_player() gives it, with what has been met. A function of its
-- own, because a server of before calls that one and another result needs it dropped and made anew.
create or replace function public.duel_arrival(sub text)
returns table (id uuid, name text, avatar text, country text,
               rating integer, wins integer, losses integer, draws integer,
               opponents integer, met text)
language sql set search_path = public, pg_temp as $$
    select p.*, duel_opponents(p.id), duel_videos_met(p.id) from duel_player(sub) p
$$;
