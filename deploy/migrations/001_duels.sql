-- Duels' own tables, and what a finished duel adds to duel_matches (contract section 7). Additive:
-- nothing that is there is changed, and a second run does nothing.

create table if not exists public.duel_ratings (
    user_id    uuid primary key references public.users (id) on delete cascade,
    rating     integer not null default 1000,
    wins       integer not null default 0, -- of rated matches, as losses and draws
    losses     integer not null default 0,
    draws      integer not null default 0,
    updated_at timestamptz not null default now()
);

alter table public.duel_matches
    add column if not exists reason           text, -- score, forfeit, abandoned
    add column if not exists points_p1        integer,
    add column if not exists points_p2        integer,
    add column if not exists rating_p1_before integer, -- null: the match was not rated
    add column if not exists rating_p1_after  integer,
    add column if not exists rating_p2_before integer,
    add column if not exists rating_p2_after  integer;

-- One row: the key of the resume tickets, so that they are good on every node and across restarts.
create table if not exists public.duel_secrets (
    id         smallint primary key default 1 check (id = 1),
    secret     bytea not null check (octet_length(secret) = 32),
    created_at timestamptz not null default now()
);
