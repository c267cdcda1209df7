-- The journal of each finished match, which runs it again (duel-server replay), and how long it and the
-- texts of guesses are kept. Additive: a server of before stores no journals and sweeps nothing.

-- Numbers only: what reached the match, and when. No text, no name, no address.
create table if not exists public.duel_match_events (
    match_id   uuid primary key references public.duel_matches (id) on delete cascade,
    version    integer not null, -- of the journal, its first byte
    release    text not null,    -- the server that ran the match
    events     bytea not null,
    created_at timestamptz not null default now()
);
create index if not exists idx_duel_match_events_created on public.duel_match_events (created_at);

alter table public.duel_matches
    add column if not exists texts_gone boolean not null default false; -- guesses have no text any more
create index if not exists idx_duels_texts
    on public.duel_matches (completed_at) where not texts_gone;

select public.duel_grant_to_servers(
    'select, insert, update, delete on public.duel_match_events');

-- duel_store_match, and the journal of the result if that is the one that stands. `events` in
-- hexadecimal; '' keeps none.
create or replace function public.duel_store(match jsonb, events text, release text)
returns table (rated boolean, p1_before integer, p2_before integer,
               p1_after integer, p2_after integer)
language plpgsql set search_path = public, pg_temp as $$
begin
    return query select * from duel_store_match(match);
    if events = '' then
        return;
    end if;
    insert into duel_match_events as e (match_id, version, release, events)
    select m.id, get_byte(decode(duel_store.events, 'hex'), 0), duel_store.release,
           decode(duel_store.events, 'hex')
    from duel_matches m
    where m.id = (match ->> 'match')::uuid
      and m.fence = coalesce((match ->> 'fence')::bigint, 0)
      and m.reason = match ->> 'reason'
    on conflict (match_id) do update
    set version = excluded.version, release = excluded.release, events = excluded.events;
end $$;

-- Rounds without what players typed. A video that was chosen stays.
create or replace function public.duel_without_texts(rounds jsonb) returns jsonb
language sql immutable set search_path = public, pg_temp as $$
    select coalesce(jsonb_agg(
        r || jsonb_build_object('p1_guess', null, 'p2_guess', null, 'guesses', (
            select coalesce(jsonb_agg(case when g ? 'text' then g || '{"text": null}' else g end
                                      order by k), '[]')
            from jsonb_array_elements(case jsonb_typeof(r -> 'guesses') when 'array'
                                      then r -> 'guesses' else '[]' end)
                 with ordinality as guesses (g, k))) order by n), '[]')
    from jsonb_array_elements(case jsonb_typeof(rounds) when 'array' then rounds else '[]' end)
         with ordinality as list (r, n)
$$;

-- Deletes journals older than `events_days`, and texts of guesses of matches that ended `text_days`
-- ago (0: never), at most `most` of each. True: there may be more. One node at a time is enough: who
-- finds another at it does nothing.
create or replace function public.duel_sweep(events_days integer, text_days integer, most integer)
returns boolean
language plpgsql set search_path = public, pg_temp as $$
declare
    journals integer;
    texts integer := 0;
begin
    if not pg_try_advisory_xact_lock(4931150725) then
        return false;
    end if;
    delete from duel_match_events e using (
        select o.match_id from duel_match_events o
        where o.created_at <= now() - make_interval(days => events_days)
        order by o.created_at limit most for update skip locked) old
    where e.match_id = old.match_id;
    get diagnostics journals = row_count;
    if text_days > 0 then
        update duel_matches m set rounds = duel_without_texts(m.rounds), texts_gone = true
        from (
            select o.id from duel_matches o
            where not o.texts_gone and o.completed_at <= now() - make_interval(days => text_days)
            order by o.completed_at limit most for update skip locked) old
        where m.id = old.id;
        get diagnostics texts = row_count;
    end if;
    return journals = most or texts = most;
end $$;
