-- A role for the server with no more rights than it uses: it reads what it draws and shows, adds players,
-- results and achievements, changes ratings, and deletes nothing. Run as the tables' owner after
-- `duel-server migrate` (also by the owner), in Framedle's database:
--
--   psql "$OWNERS_URL" -v role=duel -v password=… -f deploy/postgresql/role.sql
--
-- A new version's migrations are then run by the owner too, before the new server starts.
create role :"role" login password :'password';
grant usage on schema public to :"role";
grant select on users, videos, frames, achievements, user_achievements, duel_matches, duel_ratings,
    duel_secrets, duel_migrations to :"role";
grant insert on users, user_achievements, duel_matches, duel_ratings, duel_secrets to :"role";
grant update on duel_matches, duel_ratings to :"role";
