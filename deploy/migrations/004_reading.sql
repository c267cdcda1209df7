-- What is only read: history, finished matches, the ranking (contract section 1). The answers are
-- JSON, made here, so that the server passes them on as they are. Additive; nothing is changed.
--
-- Entries of the ranking travel between Valkey and these functions as one text: "<id>:<rating>" with
-- blanks between. Order of the ranking: rating, then id, both falling, which is the order that Valkey
-- gives members with one score; ids are compared as bytes by both.

create index if not exists idx_duel_ratings_order
    on public.duel_ratings (rating desc, user_id desc);
create index if not exists idx_duels_player1_completed
    on public.duel_matches (player1_id, completed_at desc, id desc) where completed_at is not null;
create index if not exists idx_duels_player2_completed
    on public.duel_matches (player2_id, completed_at desc, id desc) where completed_at is not null;

-- ---- parts ----

-- A name as everybody is told it: no control characters, none that turn the text around them, at
-- most 32 code points. The server does the same to names that it tells.
create or replace function public.duel_shown_name(name text) returns text
language sql immutable set search_path = public, pg_temp as $$
    select left(regexp_replace(name,
        '[\u0001-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]', '', 'g'), 32)
$$;

create or replace function public.duel_ms(at timestamptz) returns bigint
language sql immutable set search_path = public, pg_temp as $$
    select floor(extract(epoch from at) * 1000)::bigint
$$;

-- Somebody as others see them. Who was deleted has an id and nothing else of a person.
create or replace function public.duel_card(player uuid, rating integer) returns json
language sql stable set search_path = public, pg_temp as $$
    select json_build_object(
        'id', u.id,
        'name', case when u.deleted_at is null then duel_shown_name(u.display_name) end,
        'avatar', case when u.deleted_at is null and octet_length(u.avatar_url) <= 512
                       then u.avatar_url end,
        'country', case when u.deleted_at is null then u.country_code end,
        'rating', coalesce(rating, (select r.rating from duel_ratings r where r.user_id = u.id),
                           1000),
        'deleted', u.deleted_at is not null)
    from users u where u.id = player
$$;

-- The caller by Logto's `sub`. `code`: empty, or why the caller gets no answer; `id` is null for one
-- who was never here, `rating` for one without a rated match.
create or replace function public.duel_caller(sub text)
returns table (code text, id uuid, rating integer)
language sql stable set search_path = public, pg_temp as $$
    select case when u.deleted_at is null then '' else 'AUTH_BAD_SUBJECT' end, u.id,
           r.rating
    from (select 1) one
    left join users u on u.auth_provider_id = sub
    left join duel_ratings r on r.user_id = u.id
$$;

-- ---- history ----

create or replace function public.duel_history_row(m duel_matches, caller uuid) returns json
language sql stable set search_path = public, pg_temp as $$
    select json_build_object(
        'match', m.id,
        'opponent', duel_card(case when first then m.player2_id else m.player1_id end, null),
        'outcome', case when m.status = 'abandoned' then 'none' when m.winner_id is null then 'draw'
                        when m.winner_id = caller then 'win' else 'loss' end,
        'reason', coalesce(m.reason, case m.status when 'abandoned' then 'abandoned'
                                                   else 'score' end),
        'score', case when first then json_build_array(m.score_p1, m.score_p2)
                                 else json_build_array(m.score_p2, m.score_p1) end,
        'rating', case when m.rating_p1_before is null then null
                       when first then json_build_object('before', m.rating_p1_before,
                                                         'after', m.rating_p1_after)
                       else json_build_object('before', m.rating_p2_before,
                                              'after', m.rating_p2_after) end,
        'rated', m.rating_p1_before is not null,
        'completed_at', duel_ms(m.completed_at))
    from (select m.player1_id = caller as first) own
$$;

-- The last matches of a player, latest first, at most `max`; those behind the match `before`, which
-- is one of the player's, or "" for the latest. A match that is stored meanwhile moves no other.
create or replace function public.duel_history(sub text, before text, max integer)
returns table (code text, data json)
language plpgsql stable set search_path = public, pg_temp as $$
declare
    caller record;
    last_at timestamptz := 'infinity';
    last_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
begin
    select * into caller from duel_caller(sub);
    if caller.code <> '' then
        return query select caller.code, null::json;
        return;
    end if;
    if before <> '' then
        select m.completed_at, m.id into last_at, last_id from duel_matches m
        where m.id = before::uuid and caller.id in (m.player1_id, m.player2_id)
          and m.completed_at is not null and m.status in ('completed', 'abandoned');
        if not found then
            return query select 'BAD_CURSOR', null::json;
            return;
        end if;
    end if;
    return query
        select '', coalesce(json_agg(duel_history_row(m, caller.id)
                                     order by m.completed_at desc, m.id desc), '[]')
        from (
            select * from (
                (select * from duel_matches a
                 where a.player1_id = caller.id and a.completed_at is not null
                   and a.status in ('completed', 'abandoned')
                   and (a.completed_at, a.id) < (last_at, last_id)
                 order by a.completed_at desc, a.id desc limit max)
                union all
                (select * from duel_matches b
                 where b.player2_id = caller.id and b.completed_at is not null
                   and b.status in ('completed', 'abandoned')
                   and (b.completed_at, b.id) < (last_at, last_id)
                 order by b.completed_at desc, b.id desc limit max)
            ) both_seats
            order by completed_at desc, id desc limit max
        ) m;
end $$;

-- ---- a finished match ----

-- How alike a guess is shown to be: what its verdict said. The exact figure would tell a title of the
-- catalogue to a program.
create or replace function public.duel_shown_similarity(exact numeric, correct boolean)
returns numeric
language sql immutable set search_path = public, pg_temp as $$
    select case when correct then 1 when exact >= 0.8 then 0.8 when exact >= 0.7 then 0.7
                when exact >= 0.5 then 0.5 else 0 end
$$;

-- The guesses of a stored round. A right one is a seat's last, and that seat has a time.
create or replace function public.duel_guesses(round jsonb) returns json
language sql stable set search_path = public, pg_temp as $$
    select coalesce(json_agg(
        case when g ? 'video'
             then json_build_object('slot', g -> 'slot', 'seq', g -> 'seq', 'video', g -> 'video',
                                    'correct', correct, 'similarity', correct::integer,
                                    'ms', g -> 'ms', 'raw_ms', g -> 'raw_ms')
             else json_build_object('slot', g -> 'slot', 'seq', g -> 'seq', 'text', g -> 'text',
                                    'correct', correct,
                                    'similarity', duel_shown_similarity(
                                        (g ->> 'similarity')::numeric, correct),
                                    'ms', g -> 'ms', 'raw_ms', g -> 'raw_ms')
        end order by n), '[]')
    from (
        select g, n,
               round -> case g ->> 'slot' when '0' then 'p1_time' else 'p2_time' end <> 'null'
               and n = max(n) over (partition by g ->> 'slot') as correct
        from jsonb_array_elements(case jsonb_typeof(round -> 'guesses')
                                  when 'array' then round -> 'guesses' else '[]' end)
             with ordinality as list (g, n)
    ) judged
$$;

-- Rounds as `round_end` told them; with what was guessed when `own`.
create or replace function public.duel_rounds(rounds jsonb, own boolean) returns json
language sql stable set search_path = public, pg_temp as $$
    select coalesce(json_agg(
        case when own then (told::jsonb || jsonb_build_object('guesses', duel_guesses(r)))::json
                      else told end order by n), '[]')
    from (
        select r, n, json_build_object(
            'round', r -> 'round',
            'winner', r -> 'winner',
            'answer', json_build_object('video', r -> 'video_id', 'title', r -> 'title',
                'channel', (select v.channel from videos v where v.video_id = r ->> 'video_id')),
            'ms', json_build_array(r -> 'p1_time', r -> 'p2_time'),
            'score', json_build_array(
                count(*) filter (where r ->> 'winner' = '0') over (order by n),
                count(*) filter (where r ->> 'winner' = '1') over (order by n))) as told
        from jsonb_array_elements(case jsonb_typeof(rounds) when 'array' then rounds
                                                            else '[]' end)
             with ordinality as list (r, n)
    ) listed
$$;

create or replace function public.duel_finished(m duel_matches, caller uuid) returns json
language sql stable set search_path = public, pg_temp as $$
    select json_build_object(
        'match', m.id,
        'phase', 'over',
        'you', case caller when m.player1_id then 0 when m.player2_id then 1 end,
        'rated', m.rating_p1_before is not null,
        'best_of', m.best_of,
        'players', json_build_array(duel_card(m.player1_id, m.rating_p1_before),
                                    duel_card(m.player2_id, m.rating_p2_before)),
        'winner', case m.winner_id when m.player1_id then 0 when m.player2_id then 1 end,
        'reason', coalesce(m.reason, case m.status when 'abandoned' then 'abandoned'
                                                   else 'score' end),
        'score', json_build_array(m.score_p1, m.score_p2),
        'points', json_build_array(m.points_p1, m.points_p2),
        'rating', case when m.rating_p1_before is not null then json_build_array(
            json_build_object('before', m.rating_p1_before, 'after', m.rating_p1_after),
            json_build_object('before', m.rating_p2_before, 'after', m.rating_p2_after)) end,
        'rounds', duel_rounds(m.rounds, coalesce(caller in (m.player1_id, m.player2_id), false)),
        'started_at', duel_ms(m.started_at),
        'completed_at', duel_ms(m.completed_at))
$$;

-- A finished match, for whoever asks; what was guessed in it is for its two players.
create or replace function public.duel_match(sub text, wanted uuid)
returns table (code text, data json)
language sql stable set search_path = public, pg_temp as $$
    select case when c.code <> '' then c.code when m.id is null then 'NO_SUCH_MATCH' else '' end,
           case when c.code = '' and m.id is not null then duel_finished(m, c.id) end
    from duel_caller(sub) c
    left join duel_matches m on m.id = wanted and m.completed_at is not null
                            and m.status in ('completed', 'abandoned')
$$;

-- ---- the ranking ----

-- Rows for entries that follow each other in the ranking, the first at `first_position` (from 0) and
-- of rank `first_rank`. Equal ratings share the best of their ranks. `wrong`: which entries are not
-- what is stored ("<id>:<as given>:<as stored, or nothing>"); when there are some the rows are worth
-- nothing.
create or replace function public.duel_ranking(entries text, first_position integer,
                                               first_rank integer)
returns table (wrong text, data json)
language sql stable set search_path = public, pg_temp as $$
    select coalesce(string_agg(k.id || ':' || k.score || ':' || coalesce(r.rating::text, ''), ' ')
                    filter (where coalesce(r.rating::text, '') <> k.score), ''),
           coalesce(json_agg(json_build_object(
               'rank', k.rank, 'id', k.id,
               'name', case when u.deleted_at is null then duel_shown_name(u.display_name) end,
               'avatar', case when u.deleted_at is null and octet_length(u.avatar_url) <= 512
                              then u.avatar_url end,
               'country', case when u.deleted_at is null then u.country_code end,
               'rating', r.rating, 'wins', r.wins, 'losses', r.losses, 'draws', r.draws,
               'deleted', u.deleted_at is not null) order by k.n), '[]')
    from (
        select id, score, n,
               case when score = first_value(score) over (order by n) then first_rank
                    else first_position + min(n) over (partition by score) end as rank
        from (select left(entry, 36)::uuid as id, substr(entry, 38) as score, n
              from unnest(string_to_array(entries, ' ')) with ordinality as list (entry, n)) split
    ) k
    left join duel_ratings r on r.user_id = k.id
    left join users u on u.id = k.id
$$;

-- The same with a player's own place around them; `own_rank` 0: has none.
create or replace function public.duel_ranking_around(entries text, first_position integer,
                                                      first_rank integer, own_rank integer,
                                                      total integer)
returns table (wrong text, data json)
language sql stable set search_path = public, pg_temp as $$
    select d.wrong, json_build_object('rank', nullif(own_rank, 0), 'total', total,
                                      'around', d.data)
    from duel_ranking(entries, first_position, first_rank) d
$$;

-- Both without Valkey.
create or replace function public.duel_leaderboard(max integer, skip integer) returns json
language sql stable set search_path = public, pg_temp as $$
    select d.data
    from (select coalesce(string_agg(user_id || ':' || rating, ' '
                                     order by rating desc, user_id desc), '') as entries,
                 max(rating) as best
          from (select user_id, rating from duel_ratings
                order by rating desc, user_id desc limit max offset skip) page) p,
         duel_ranking(p.entries, skip,
                      1 + (select count(*)::integer from duel_ratings where rating > p.best)) d
$$;

create or replace function public.duel_own_rank(sub text, distance integer)
returns table (code text, data json)
language plpgsql stable set search_path = public, pg_temp as $$
declare
    caller record;
    place integer;    -- from 0
    above integer;    -- how many of those above are shown
    best integer;
    entries text;
begin
    select * into caller from duel_caller(sub);
    if caller.code <> '' then
        return query select caller.code, null::json;
        return;
    end if;
    if caller.rating is null then
        return query select '', d.data from duel_ranking_around('', 0, 1, 0,
            (select count(*)::integer from duel_ratings)) d;
        return;
    end if;
    select count(*) into place from duel_ratings where (rating, user_id) > (caller.rating, caller.id);
    above := least(place, distance);
    select string_agg(user_id || ':' || rating, ' ' order by rating desc, user_id desc), max(rating)
    into entries, best
    from (
        (select user_id, rating from duel_ratings where (rating, user_id) > (caller.rating, caller.id)
         order by rating, user_id limit distance)
        union all
        (select user_id, rating from duel_ratings where (rating, user_id) <= (caller.rating, caller.id)
         order by rating desc, user_id desc limit distance + 1)
    ) near;
    return query
        select '', d.data from duel_ranking_around(entries, place - above,
            1 + (select count(*)::integer from duel_ratings where rating > best),
            1 + (select count(*)::integer from duel_ratings where rating > caller.rating),
            (select count(*)::integer from duel_ratings)) d;
end $$;

-- A page of all entries by id, behind `after` ("": from the start); `last` is null at the end.
create or replace function public.duel_ranking_page(after text, max integer)
returns table (entries text, last uuid)
language sql stable set search_path = public, pg_temp as $$
    select coalesce(string_agg(user_id || ':' || rating, ' ' order by user_id), ''),
           max(user_id::text)::uuid
    from (select user_id, rating from duel_ratings
          where user_id > coalesce(nullif(after, ''), '00000000-0000-0000-0000-000000000000')::uuid
          order by user_id limit max) page
$$;

-- Which of these entries are wrong, as in duel_ranking.
create or replace function public.duel_ranking_check(entries text) returns text
language sql stable set search_path = public, pg_temp as $$
    select coalesce(string_agg(id || ':' || score || ':' || coalesce(r.rating::text, ''), ' '), '')
    from (select left(entry, 36)::uuid as id, substr(entry, 38) as score
          from unnest(string_to_array(entries, ' ')) as list (entry)) split
    left join duel_ratings r on r.user_id = split.id
    where coalesce(r.rating::text, '') <> score
$$;
