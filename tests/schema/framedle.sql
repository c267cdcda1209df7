-- The tables of Framedle that Duels touch, as the rest of Framedle keeps them. A deployment has them
-- already and the Duel server never creates or changes them there (its own additions are in
-- deploy/migrations). This copy is for private databases only: tests and the local stack load it first.
create extension if not exists pgcrypto;
create extension if not exists pg_trgm;

create table if not exists users (
    id               uuid primary key default gen_random_uuid(),
    auth_provider_id text unique,              -- Logto `sub`; null for anonymous visitors
    anon_fingerprint text,
    display_name     text not null default 'Player',
    avatar_url       text,
    country_code     varchar(2),
    email            text,
    xp               bigint not null default 0,
    level            integer not null default 1,
    title            text not null default 'Viewer',
    streak_current   integer not null default 0,
    streak_best      integer not null default 0,
    streak_freezes   integer not null default 0,
    last_play_date   date,
    created_at       timestamptz default now(),
    updated_at       timestamptz default now(),
    deleted_at       timestamptz,              -- set when Logto deletes the user; auth_provider_id is nulled
    constraint users_has_identity check (auth_provider_id is not null or anon_fingerprint is not null)
);

create table if not exists videos (
    id               uuid primary key default gen_random_uuid(),
    video_id         varchar(20) not null unique,   -- YouTube id
    title            text not null,
    channel          text not null,
    channel_id       varchar(30),
    category         text,
    duration         integer not null,              -- seconds
    view_count       bigint,
    subscriber_count bigint,
    upload_date      date,
    difficulty       smallint default 5,            -- 1-10
    tags             text[],
    heatmap_raw      jsonb,
    processed_at     timestamptz default now(),
    created_at       timestamptz default now()
);
create index if not exists idx_videos_difficulty on videos (difficulty);
create index if not exists idx_videos_title_trgm on videos using gin (title gin_trgm_ops);

create table if not exists frames (
    id            uuid primary key default gen_random_uuid(),
    video_id      varchar(20) not null references videos (video_id) on delete cascade,
    rank          smallint not null,                -- 1-6, best moment first
    timestamp_sec real not null,
    heatmap_value real not null,
    r2_path       text not null,                    -- object key: frames/{video_id}/f01.webp
    r2_variants   jsonb not null default '{}',
    width         integer,
    height        integer,
    file_size     integer,                          -- bytes
    created_at    timestamptz default now(),
    unique (video_id, rank)
);

create table if not exists achievements (
    id          text primary key,
    name        text not null,
    description text not null,
    icon        text not null,
    xp_reward   integer not null default 0,
    category    text
);

create table if not exists user_achievements (
    user_id        uuid not null references users (id) on delete cascade,
    achievement_id text not null references achievements (id),
    unlocked_at    timestamptz default now(),
    primary key (user_id, achievement_id)
);

create table if not exists duel_matches (
    id           uuid primary key default gen_random_uuid(),
    player1_id   uuid not null references users (id),
    player2_id   uuid not null references users (id),
    winner_id    uuid references users (id),
    rounds       jsonb not null default '[]',
    score_p1     smallint not null default 0,
    score_p2     smallint not null default 0,
    best_of      smallint not null default 5,
    status       text not null default 'in_progress',   -- in_progress, completed, abandoned
    started_at   timestamptz default now(),
    completed_at timestamptz
);
create index if not exists idx_duels_players on duel_matches (player1_id, player2_id);
