// A rated duel with the rights of deploy/postgresql/role.sql and no others: they are enough, and they do not
// reach further.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { meet } from "./lib/client.mjs";
import { checkBooks, takeEnds, winRound } from "./lib/play.mjs";
import { World } from "./lib/world.mjs";

const SQL = resolve(dirname(fileURLToPath(import.meta.url)), "../../deploy/postgresql/role.sql");
const role = `duel_role_${process.pid}`;
let world;
let url;

before(async () => {
    world = await World.start({ start: false, env: { DUEL_BEST_OF: "1" } });
    const env = { ...process.env, ...world.env };
    await promisify(execFile)(process.env.DUEL_SERVER, ["migrate"], { env });
    const sql = readFileSync(SQL, "utf8");
    await world.db.query(sql.replaceAll(":\"role\"", role).replaceAll(":'password'", "'not used here'"));
    url = asRole(world.databaseUrl);
    world.env.DATABASE_URL = url;
    await world.serve();
    await world.ready();
});
after(async () => {
    await world?.db?.query(`drop owned by ${role}; drop role ${role}`).catch(() => {});
    await world?.stop();
});

/** The same database, as that role. */
function asRole(address) {
    return address.replace(/^(postgres(?:ql)?:\/\/)(?:[^@/]*@)?/, `$1${role}@`);
}

test("they are enough for a rated duel and its result", async () => {
    const ana = await world.player("roleana00001");
    const bia = await world.player("rolebia00002");
    const { match, seats } = await meet(ana, bia);
    const { end } = await winRound(world, seats, 0, 1);
    await checkBooks(world, match, await takeEnds(seats), [end]);
    const { rows } = await world.db.query("select count(*)::int as n from user_achievements");
    assert.ok(rows[0].n > 0, "their first duel is an achievement");
});

test("they do not reach further", async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
        for (const sql of ["create table stray (id int)", "delete from duel_matches", "delete from users",
            "update users set email = ''", "update videos set title = ''", "drop table duel_ratings",
            "update duel_secrets set secret = ''", "truncate duel_ratings"]) {
            await assert.rejects(client.query(sql), { code: "42501" }, sql);
        }
    } finally {
        await client.end();
    }
});
