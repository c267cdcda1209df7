-- Who comes, many in one question: 10,000 may come at once, and what starts and ends with a statement or
-- the call of a function was most of the work. Additive: a server of before asks duel_arrival() and
-- duel_banned() as it did.

-- For each of these Logto `sub`s, by its place from 1, the player, made when there is none; no row: the
-- user was deleted. `opponents`: with how many different people he has finished rated matches; more than
-- 10 are 10. `met`: YouTube ids of the videos in the rounds of his last 8 matches, newest first, at most 24,
-- with blanks between. `banned`: until when he may not play, in ms since the epoch; 0: may play, -1: never
-- again. Each looks up what is his by index, and costs the same however many players and matches there
-- are: a plan is kept as long as the session lives, and may be of a time when the tables were small.
create or replace function public.duel_arrivals(subs text[])
returns table (number bigint, id uuid, name text, avatar text, country text,
               rating integer, wins integer, losses integer, draws integer,
               opponents integer, met text, banned bigint)
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
begin
    -- In one order for all: no two who ask wait for each other. Waits for another session that is making
    -- the same player; then it is there to be read.
    insert into users (auth_provider_id)
    select asked.sub from unnest(subs) asked (sub)
    where not exists (select 1 from users u where u.auth_provider_id = asked.sub)
    order by asked.sub collate "C"
    on conflict (auth_provider_id) do nothing;

    return query
    select asked.number, u.id, u.display_name, u.avatar_url, u.country_code::text,
           coalesce(r.rating, 1000), coalesce(r.wins, 0), coalesce(r.losses, 0),
           coalesce(r.draws, 0), (
        -- from each to the next by id
        with recursive met (opponent, number) as (
            select '00000000-0000-0000-0000-000000000000'::uuid, 0
            union all
            select least((select m.player2_id from duel_matches m
                          where m.player1_id = u.id and m.rating_p1_before is not null
                            and m.player2_id > met.opponent order by m.player2_id limit 1),
                         (select m.player1_id from duel_matches m
                          where m.player2_id = u.id and m.rating_p1_before is not null
                            and m.player1_id > met.opponent order by m.player1_id limit 1)),
                   met.number + 1
            from met where met.opponent is not null and met.number < 10
        )
        select count(met.opponent)::integer - 1 from met
    ), (
        select coalesce(string_agg(shown.video, ' '
                                   order by shown.completed_at desc, shown.id desc, shown.n desc),
                        '')
        from (
            select v.value ->> 'video_id' as video, last.completed_at, last.id, v.n
            from (
                select * from (
                    (select a.id, a.completed_at, a.rounds from duel_matches a
                     where a.player1_id = u.id and a.completed_at is not null
                     order by a.completed_at desc, a.id desc limit 8)
                    union all
                    (select b.id, b.completed_at, b.rounds from duel_matches b
                     where b.player2_id = u.id and b.completed_at is not null
                     order by b.completed_at desc, b.id desc limit 8)
                ) both_seats
                order by both_seats.completed_at desc, both_seats.id desc limit 8
            ) last
            cross join jsonb_array_elements(case jsonb_typeof(last.rounds)
                                            when 'array' then last.rounds else '[]' end)
                 with ordinality as v (value, n)
            where v.value ->> 'video_id' <> ''
            order by last.completed_at desc, last.id desc, v.n desc limit 24
        ) shown
    ), coalesce((select case when b.until is null then -1 else duel_ms(b.until) end
                 from duel_bans b
                 where b.user_id = u.id and coalesce(b.until > now(), true)), 0)
    from unnest(subs) with ordinality asked (sub, number)
    join users u on u.auth_provider_id = asked.sub and u.deleted_at is null
    left join duel_ratings r on r.user_id = u.id
    order by asked.number;
end $$;
