-- Who comes, at less cost: 10,000 may come at once. What SQL functions do is planned anew in each
-- call, and that was four fifths of the work; PL/pgSQL keeps its plans as long as the session lives.
-- What the functions answer is as before.

-- With how many different people this player has finished rated matches; more than 10 are 10. From
-- each to the next by id, so that it costs the same however many matches there are.
create or replace function public.duel_opponents(player uuid) returns integer
language plpgsql stable set search_path = public, pg_temp as $$
begin
    return (
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
    );
end $$;

-- YouTube ids of the videos in the rounds of this player's last 8 matches, newest first, at most
-- 24, with blanks between.
create or replace function public.duel_videos_met(player uuid) returns text
language plpgsql stable set search_path = public, pg_temp as $$
begin
    return (
        select coalesce(string_agg(shown.video, ' '
                                   order by shown.completed_at desc, shown.id desc, shown.n desc),
                        '')
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
            cross join jsonb_array_elements(case jsonb_typeof(last.rounds)
                                            when 'array' then last.rounds else '[]' end)
                 with ordinality as r (value, n)
            where r.value ->> 'video_id' <> ''
            order by last.completed_at desc, last.id desc, r.n desc limit 24
        ) shown
    );
end $$;

-- The player of a Logto `sub` as duel_player() gives it, with what has been met. Who is there already
-- is read at once; all else is duel_player()'s, whose new player has met nobody.
create or replace function public.duel_arrival(sub text)
returns table (id uuid, name text, avatar text, country text,
               rating integer, wins integer, losses integer, draws integer,
               opponents integer, met text)
language plpgsql set search_path = public, pg_temp as $$
begin
    select u.id, u.display_name, u.avatar_url, u.country_code::text,
           coalesce(r.rating, 1000), coalesce(r.wins, 0), coalesce(r.losses, 0),
           coalesce(r.draws, 0)
    into id, name, avatar, country, rating, wins, losses, draws
    from users u left join duel_ratings r on r.user_id = u.id
    where u.auth_provider_id = sub and u.deleted_at is null;
    if not found then
        return query select p.*, 0, '' from duel_player(sub) p;
        return;
    end if;
    opponents := duel_opponents(id);
    met := duel_videos_met(id);
    return next;
end $$;
