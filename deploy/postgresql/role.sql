-- A role for the server with no more rights than it uses: it reads what it draws and shows, adds players,
-- results and achievements, changes ratings, and deletes nothing but journals that are too old. Run as the tables' owner after
-- `duel-server migrate` (also by the owner), in Framedle's database:
--
--   psql "$OWNERS_URL" -v role=duel -v password=SECRET -f deploy/postgresql/role.sql
--
-- A new version's migrations are then run by the owner too, before the new server starts.
create role :"role" login password :'password';
grant usage on schema public to :"role";
grant select on users, videos, frames, achievements, user_achievements, duel_matches, duel_ratings,
    duel_secrets, duel_migrations, duel_acts, duel_bans, duel_voids, duel_match_events to :"role";
grant insert on users, user_achievements, duel_matches, duel_ratings, duel_secrets, duel_acts, duel_bans,
    duel_voids, duel_match_events to :"role";
grant update on duel_matches, duel_ratings, duel_bans, duel_match_events to :"role";
grant delete on duel_match_events to :"role";
