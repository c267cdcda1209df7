-- Which of several results of one match stands (R-86), and in which order ratings were settled.
-- Additive: rows of before count as fence 0, and a server of before calls the same functions.

create sequence if not exists public.duel_rated_seq;
-- A serving role that got its rights before this file must not fail on it; it holds no secret.
grant usage on sequence public.duel_rated_seq to public;

alter table public.duel_matches
    add column if not exists fence     bigint, -- of the process that owned the match when it ended
    add column if not exists rated_seq bigint; -- null: unrated, or rated before this file

create unique index if not exists idx_duels_rated_seq
    on public.duel_matches (rated_seq) where rated_seq is not null;

-- Makes both players' rating rows if need be and locks them in one order (by id, so that two
-- matches of the same people cannot wait for each other).
create or replace function public.duel_lock_ratings(p1 uuid, p2 uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    player uuid;
begin
    foreach player in array array[least(p1, p2), greatest(p1, p2)] loop
        insert into duel_ratings (user_id) values (player) on conflict (user_id) do nothing;
        perform 1 from duel_ratings r where r.user_id = player for update;
    end loop;
end $$;

-- Rates a match that is not rated: works the change out and stores it with the match, numbered
-- while both ratings are locked, so the numbers are the order in which each player's rating moved.
create or replace function public.duel_rate(match_id uuid, p1 uuid, p2 uuid, winner integer)
returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    r1 integer;
    r2 integer;
    change integer; -- of p1
begin
    perform duel_lock_ratings(p1, p2);
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
        rating_p2_before = r2, rating_p2_after = r2 - change,
        rated_seq = nextval('duel_rated_seq')
    where m.id = match_id;
end $$;

-- Takes back what duel_rate did for a rated match, whose row the caller has locked.
create or replace function public.duel_unrate(rated duel_matches) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    perform duel_lock_ratings(rated.player1_id, rated.player2_id);
    update duel_ratings r
    set rating = r.rating - case when r.user_id = rated.player1_id
                                 then rated.rating_p1_after - rated.rating_p1_before
                                 else rated.rating_p2_after - rated.rating_p2_before end,
        wins = r.wins - coalesce(r.user_id = rated.winner_id, false)::integer,
        losses = r.losses - coalesce(r.user_id <> rated.winner_id, false)::integer,
        draws = r.draws - (rated.winner_id is null)::integer,
        updated_at = now()
    where r.user_id in (rated.player1_id, rated.player2_id);
    update duel_matches m
    set rating_p1_before = null, rating_p1_after = null,
        rating_p2_before = null, rating_p2_after = null, rated_seq = null
    where m.id = rated.id;
end $$;

-- Stores a finished match: its row, both ratings and achievements, all or nothing. Of several
-- results of one match a completed one outranks an abandoned one, and among equals the higher fence
-- does; one that does not outrank what stands changes nothing. A rating change is replaced only if
-- the outcome is another one, because players were told it; achievements are never taken back.
-- Always answers the figures that stand. Locks the match, then ratings, then achievements, each in
-- one order, so no two calls wait in a circle.
create or replace function public.duel_store_match(match jsonb)
returns table (rated boolean, p1_before integer, p2_before integer,
               p1_after integer, p2_after integer)
language plpgsql set search_path = public, pg_temp as $$
declare
    match_id uuid := (match ->> 'match')::uuid;
    p1 uuid := (match ->> 'p1')::uuid;
    p2 uuid := (match ->> 'p2')::uuid;
    winner integer := coalesce((match ->> 'winner')::integer, -1); -- 0, 1, -1: nobody
    the_winner uuid := case winner when 0 then p1 when 1 then p2 end;
    the_fence bigint := coalesce((match ->> 'fence')::bigint, 0);
    completed boolean := match ->> 'reason' <> 'abandoned';
    to_rate boolean := completed and (match ->> 'rated')::boolean;
    stands duel_matches;
begin
    -- A row that everything outranks; waits for another session that is storing the same match.
    insert into duel_matches (id, player1_id, player2_id, fence) values (match_id, p1, p2, -1)
    on conflict (id) do nothing;
    select * into stands from duel_matches m where m.id = match_id for update;
    if not found then
        raise exception 'the match was deleted meanwhile' using errcode = 'serialization_failure';
    elsif stands.player1_id <> p1 or stands.player2_id <> p2 then
        raise exception 'match % is stored with other players', match_id;
    end if;
    if (completed, the_fence) > (stands.status = 'completed', coalesce(stands.fence, 0)) then
        if stands.rating_p1_before is not null
           and not (to_rate and stands.winner_id is not distinct from the_winner) then
            perform duel_unrate(stands);
            stands.rating_p1_before := null;
        end if;
        update duel_matches m
        set winner_id = the_winner, rounds = match -> 'rounds',
            score_p1 = (match -> 'score' ->> 0)::smallint,
            score_p2 = (match -> 'score' ->> 1)::smallint,
            best_of = (match ->> 'best_of')::smallint,
            status = case when completed then 'completed' else 'abandoned' end,
            reason = match ->> 'reason', fence = the_fence,
            points_p1 = (match -> 'points' ->> 0)::integer,
            points_p2 = (match -> 'points' ->> 1)::integer,
            started_at = timestamptz 'epoch'
                + (match ->> 'started_ms')::bigint * interval '1 millisecond',
            completed_at = timestamptz 'epoch'
                + (match ->> 'completed_ms')::bigint * interval '1 millisecond'
        where m.id = match_id;
        if to_rate and stands.rating_p1_before is null then
            perform duel_rate(match_id, p1, p2, winner);
        end if;
        if completed then
            perform duel_award(p1, p2, the_winner,
                               coalesce((match -> 'score' ->> winner)::integer, 0),
                               (match ->> 'won_ms')::bigint);
        end if;
    end if;
    return query
        select m.rating_p1_before is not null, m.rating_p1_before, m.rating_p2_before,
               m.rating_p1_after, m.rating_p2_after
        from duel_matches m where m.id = match_id;
end $$;
