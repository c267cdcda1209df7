-- What the server asks of the database, one function a question. Each may be called again with the
-- same arguments: a repeated call changes nothing and answers the same.

-- The secret of the tickets. The first caller's offer becomes it.
create or replace function public.duel_secret(offered bytea) returns bytea
language plpgsql set search_path = public, pg_temp as $$
begin
    insert into duel_secrets (secret) values (offered) on conflict do nothing;
    return (select s.secret from duel_secrets s);
end $$;

-- The player of a Logto `sub`, made when there is none. No row: the user was deleted.
create or replace function public.duel_player(sub text)
returns table (id uuid, name text, avatar text, country text,
               rating integer, wins integer, losses integer, draws integer)
language plpgsql set search_path = public, pg_temp as $$
declare
    player uuid;
    gone timestamptz;
begin
    select u.id, u.deleted_at into player, gone from users u where u.auth_provider_id = sub;
    if not found then
        -- Waits for another session that is making the same player; then it is there to be read.
        insert into users (auth_provider_id) values (sub) on conflict (auth_provider_id) do nothing;
        select u.id, u.deleted_at into player, gone from users u where u.auth_provider_id = sub;
        if not found then
            raise exception 'the player was deleted meanwhile'
                using errcode = 'serialization_failure';
        end if;
    end if;
    if gone is not null then
        return;
    end if;
    return query
        select u.id, u.display_name, u.avatar_url, u.country_code::text,
               coalesce(r.rating, 1000), coalesce(r.wins, 0), coalesce(r.losses, 0),
               coalesce(r.draws, 0)
        from users u left join duel_ratings r on r.user_id = u.id
        where u.id = player;
end $$;

-- What the winner gains who is rated `distance` above the loser: 32 * (1 - expected), rounded, as a
-- table, because every machine must agree. The gain is at least k while the distance is at most the
-- k-th threshold, floor(400 * log10(32 / (k - 0.5) - 1)). The server holds the same table.
create or replace function public.duel_elo_gain(distance integer) returns integer
language sql immutable set search_path = public, pg_temp as $$
    select count(*)::integer
    from unnest(array[719, 523, 428, 364, 314, 273, 237, 205,
                       176, 149, 124, 100, 77, 54, 32, 10,
                       -11, -33, -55, -78, -101, -125, -150, -177,
                       -206, -238, -274, -315, -365, -429, -524, -720]) threshold
    where distance <= threshold
$$;

-- Rates a match once: locks both rows in one order (by id, so that two matches of the same people
-- cannot wait for each other), works the change out and stores it with the match.
create or replace function public.duel_rate(match_id uuid, p1 uuid, p2 uuid, winner integer)
returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    player uuid;
    r1 integer;
    r2 integer;
    change integer; -- of p1
begin
    foreach player in array array[least(p1, p2), greatest(p1, p2)] loop
        insert into duel_ratings (user_id) values (player) on conflict (user_id) do nothing;
        perform 1 from duel_ratings r where r.user_id = player for update;
    end loop;
    select r.rating into strict r1 from duel_ratings r where r.user_id = p1;
    select r.rating into strict r2 from duel_ratings r where r.user_id = p2;
    change := case winner
        when 0 then duel_elo_gain(r1 - r2)
        when 1 then -duel_elo_gain(r2 - r1)
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
        rating_p2_before = r2, rating_p2_after = r2 - change
    where m.id = match_id;
end $$;

-- Achievements after a completed match; one that is not in `achievements` is skipped.
create or replace function public.duel_award(p1 uuid, p2 uuid, winner uuid, rounds_won integer,
                                             won_ms bigint)
returns void
language sql set search_path = public, pg_temp as $$
    insert into user_achievements (user_id, achievement_id)
    select earned.user_id, a.id
    from (
        select player, 'first_blood' from unnest(array[p1, p2]) player
        union all
        select winner, 'gladiator' from duel_ratings r where r.user_id = winner and r.wins >= 100
        union all
        select winner, 'speed_demon' where winner is not null and rounds_won > 0 and won_ms < 5000
        union all
        select player, 'rival' from unnest(array[p1, p2]) player
        where (select count(*)
               from (select 1 from duel_matches m
                     where m.status = 'completed'
                       and ((m.player1_id = p1 and m.player2_id = p2)
                            or (m.player1_id = p2 and m.player2_id = p1))
                     limit 10) met) >= 10
    ) earned (user_id, achievement_id)
    join achievements a on a.id = earned.achievement_id
    order by earned.user_id, a.id -- one order for all: two matches cannot wait for each other
    on conflict do nothing
$$;

-- Stores a finished match: its row, both ratings and achievements, all or nothing. A match that is
-- there already is left as it is, and its figures are the answer.
create or replace function public.duel_store_match(match jsonb)
returns table (rated boolean, p1_before integer, p2_before integer,
               p1_after integer, p2_after integer)
language plpgsql set search_path = public, pg_temp as $$
declare
    match_id uuid := (match ->> 'match')::uuid;
    p1 uuid := (match ->> 'p1')::uuid;
    p2 uuid := (match ->> 'p2')::uuid;
    winner integer := coalesce((match ->> 'winner')::integer, -1); -- 0, 1, -1: nobody
    winner_id uuid := case winner when 0 then p1 when 1 then p2 end;
    reason text := match ->> 'reason';
begin
    insert into duel_matches (id, player1_id, player2_id, winner_id, rounds, score_p1, score_p2,
                              best_of, status, reason, points_p1, points_p2, started_at,
                              completed_at)
    values (match_id, p1, p2, winner_id, match -> 'rounds', (match -> 'score' ->> 0)::smallint,
            (match -> 'score' ->> 1)::smallint, (match ->> 'best_of')::smallint,
            case reason when 'abandoned' then 'abandoned' else 'completed' end, reason,
            (match -> 'points' ->> 0)::integer, (match -> 'points' ->> 1)::integer,
            timestamptz 'epoch' + (match ->> 'started_ms')::bigint * interval '1 millisecond',
            timestamptz 'epoch' + (match ->> 'completed_ms')::bigint * interval '1 millisecond')
    on conflict (id) do nothing;
    if found and reason <> 'abandoned' then
        if (match ->> 'rated')::boolean then
            perform duel_rate(match_id, p1, p2, winner);
        end if;
        perform duel_award(p1, p2, winner_id,
                           coalesce((match -> 'score' ->> winner)::integer, 0),
                           (match ->> 'won_ms')::bigint);
    end if;
    return query
        select m.rating_p1_before is not null, m.rating_p1_before, m.rating_p2_before,
               m.rating_p1_after, m.rating_p2_after
        from duel_matches m where m.id = match_id;
end $$;
