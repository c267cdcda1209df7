// `duel-server check`: green when all is well, and for each thing that can be wrong the right row is red, with
// a cure, and with nothing secret in it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join, resolve } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { exportJWK } from "jose";
import { S3Store } from "./lib/s3store.mjs";
import { World } from "./lib/world.mjs";

const ROLE_SQL = resolve(dirname(fileURLToPath(import.meta.url)), "../../deploy/postgresql/role.sql");
let world;
let logto;
let said; // what the issuer says: {issuer, keys, status, date}

/** Logto as far as the check looks at it. */
async function startIssuer() {
    const jwk = { ...(await exportJWK(world.keys.publicKey)), kid: "test-key", use: "sig", alg: "ES384" };
    const server = createServer((request, response) => {
        if (said.date) {
            response.setHeader("Date", said.date);
        }
        response.statusCode = said.status;
        response.end(JSON.stringify(request.url.endsWith("/jwks") ? { keys: said.keys } :
            { issuer: said.issuer }));
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${server.address().port}`;
    const good = { issuer: `${url}/oidc`, keys: [jwk, { kty: "OKP", kid: "other" }], status: 200 };
    return { server, url, good };
}

before(async () => {
    world = await World.start({ start: false });
    logto = await startIssuer();
    world.env.LOGTO_ENDPOINT = logto.url;
    said = logto.good;
});
after(async () => {
    logto?.server.close();
    await world?.stop();
});
beforeEach(() => {
    said = { ...logto.good };
});

function run(words, env = {}) {
    const options = { env: { ...process.env, ...world.env, ...env } };
    return new Promise((done) => {
        execFile(process.env.DUEL_SERVER, ["check", ...words], options, (error, out, err) =>
            done({ code: error?.code ?? 0, out, err }));
    });
}

/** {code, rows by "area what"} */
async function check(env, ...words) {
    const { code, out, err } = await run(["--json", ...words], env);
    assert.equal(err, "");
    const { checks, ok } = JSON.parse(out);
    assert.equal(ok, code === 0);
    for (const row of checks) {
        assert.equal(typeof row.cure, row.state === "ok" ? "undefined" : "string", JSON.stringify(row));
    }
    const rows = Object.fromEntries(checks.map((row) => [`${row.area} ${row.what}`, row]));
    const bad = checks.filter((row) => row.state === "FAIL").map((row) => `${row.area} ${row.what}`);
    return { code, rows, bad, out };
}

/** With this environment exactly one row is red, as described. */
async function red(env, name, found, cure, ...words) {
    const { code, rows, bad } = await check(env, ...words);
    assert.deepEqual(bad, [name]);
    assert.equal(code, 1);
    assert.match(rows[name].found, found);
    assert.match(rows[name].cure, cure);
}

test("before the first start: migrations wait, and a role that may not create tables fails", async () => {
    const { code, rows } = await check({});
    assert.equal(code, 0);
    assert.equal(rows["PostgreSQL migrations"].state, "warn");
    assert.match(rows["PostgreSQL migrations"].found, /^at version 0 of \d+$/);
});

test("all is well, from outside too, and a person can read it", async () => {
    await world.serve();
    await world.ready();
    const { code, rows, bad } = await check({}, "--url", `${world.base}/`);
    assert.deepEqual([code, bad], [0, []]);
    const states = Object.entries(rows).filter(([, row]) => row.state !== "ok").map(([name]) => name);
    assert.deepEqual(states, ["public https", "public Cloudflare"]);
    assert.match(rows["PostgreSQL rights"].found, /has all (\d\d)$/);
    assert.match(rows["PostgreSQL catalogue"].found,
        /^12 videos of difficulty 4-6 with 24 frames, of 12 in all$/);
    assert.match(rows["Logto keys"].found, /^1 of use: test-key ES384; others passed over$/);
    assert.match(rows["frames picture"].found, /image\/png, \d+ bytes$/);
    assert.match(rows["public WebSocket"].found, /^101; a bad token is answered by 4401$/);
    assert.deepEqual(await world.valkey.keys("duel:check:*"), []);
    const { out } = await run([]);
    assert.match(out, /^ok {4}Logto {7}issuer {9}http/m);
    assert.match(out, /^\d+ ok, 0 warn, 0 FAIL$/m);
    assert.ok(!out.includes("\x1b"), "no colour but on a terminal");
});

test("Logto: away, of another name, without keys, with another time", async () => {
    const { bad } = await check({ LOGTO_ENDPOINT: "http://127.0.0.1:1" });
    assert.deepEqual(bad, ["Logto issuer", "Logto keys"]);
    said.issuer = "https://auth.framedle.test/oidc";
    await red({}, "Logto issuer", /Logto says https:\/\/auth\.framedle\.test\/oidc/, /LOGTO_ENDPOINT/);
    said = { ...logto.good, keys: [{ kty: "OKP", kid: "other" }] };
    await red({}, "Logto keys", /no key that can check/, /P-384/);
    said = { ...logto.good, date: new Date(Date.now() - 7_200_000).toUTCString() };
    await red({}, "Logto clock", /^7\d\d\d s before Logto's$/, /time synchronisation/);
});

test("PostgreSQL: away, another database, a role without rights, no videos", async () => {
    const { bad } = await check({ DATABASE_URL: "postgresql://ana:geheim@127.0.0.1:1/duel" });
    assert.deepEqual(bad, ["PostgreSQL connection"]);
    const role = `duel_check_${process.pid}`;
    const url = world.databaseUrl.replace(/^(postgres(?:ql)?:\/\/)(?:[^@/]*@)?/, `$1${role}@`);
    await world.db.query(`create role ${role} login`);
    try {
        await world.db.query(`grant select on users, videos, frames, duel_migrations to ${role}`);
        await red({ DATABASE_URL: url }, "PostgreSQL rights", /lacks .*insert on duel_matches/, /role\.sql/);
        await world.db.query(`drop owned by ${role}; drop role ${role}`);
        const sql = readFileSync(ROLE_SQL, "utf8").replaceAll(":\"role\"", role);
        await world.db.query(sql.replaceAll(":'password'", "'not used here'"));
        assert.equal((await check({ DATABASE_URL: url })).code, 0);
        await world.db.query("begin; delete from duel_migrations where version > 5; commit");
        await red({ DATABASE_URL: url }, "PostgreSQL migrations", /^at version 5 of/, /owner/);
    } finally {
        await world.db.query(`drop owned by ${role}; drop role ${role}`);
    }
    const { rows } = await check({ DUEL_DIFFICULTY: "9-10" });
    assert.equal(rows["PostgreSQL catalogue"].state, "FAIL");
    assert.equal(rows["frames picture"].state, "warn");
});

test("Valkey: away, a wrong password, one that forgets", async () => {
    await red({ VALKEY_URL: "redis://:geheim@127.0.0.1:1" }, "Valkey connection", /refused/, /VALKEY_URL/);
    const wrong = world.addresses.VALKEY_URL.replace("://", "://:geheim@");
    await red({ VALKEY_URL: wrong }, "Valkey connection", /AUTH|WRONGPASS/, /password/);
    const [, policy] = await world.valkey.config("GET", "maxmemory-policy");
    await world.valkey.config("SET", "maxmemory-policy", "allkeys-lru");
    try {
        const { code, rows } = await check({});
        assert.equal(code, 0);
        assert.equal(rows["Valkey policy"].state, "warn");
        assert.match(rows["Valkey policy"].cure, /noeviction/);
    } finally {
        await world.valkey.config("SET", "maxmemory-policy", policy);
    }
});

test("pictures in a folder that is not there any more", async () => {
    const store = join(world.dir, "store");
    renameSync(join(store, "frames"), join(store, "elsewhere"));
    await red({}, "frames picture", /is no picture/, /DUEL_FRAMES/);
    renameSync(join(store, "elsewhere"), join(store, "frames"));
});

test("pictures in an S3 store: 403, 404 and a wrong region are told apart", async () => {
    const store = new S3Store();
    await store.start();
    try {
        const { rows } = await world.db.query("select r2_path from frames");
        await red(store.settings, "frames picture", /is not in bucket .* \(404\)$/, /bucket/);
        for (const { r2_path: path } of rows) {
            store.objects.set(path, world.videos[0].pictures[0]);
        }
        assert.equal((await check(store.settings)).code, 0);
        await red({ ...store.settings, R2_SECRET_KEY: "geheim" }, "frames picture",
            /403 SignatureDoesNotMatch/, /R2_SECRET_KEY/);
        await red({ ...store.settings, R2_REGION: "elsewhere" }, "frames picture", /4\d\d/, /R2_REGION/);
        await red({ ...store.settings, R2_ENDPOINT: "http://127.0.0.1:1" }, "frames picture", /connect/,
            /R2_ENDPOINT/);
    } finally {
        await store.stop();
    }
});

test("from outside: nobody, somebody else, the operators' listener, a proxy that drops Origin", async () => {
    await red({}, "public https", /connect/i, /DNS/, "--url", "http://127.0.0.1:1/api/duel");
    const other = await check({}, "--url", `${logto.url}/api/duel`);
    assert.deepEqual(other.bad, ["public leaderboard", "public WebSocket", "public origin"]);
    const operators = await check({}, "--url", `http://127.0.0.1:${world.opsPort}/api/duel`);
    assert.ok(operators.bad.includes("public /metrics"), operators.out);
    const secure = await check({}, "--url", world.base.replace("http:", "https:"));
    assert.deepEqual(secure.bad, ["public https"]);
    await red({ DUEL_TRUSTED_PROXIES: "0.0.0.0/0" }, "settings proxies", /everybody/, /DUEL_TRUSTED_PROXIES/);
});

test("nothing secret is told", async () => {
    const env = { DATABASE_URL: "postgresql://ana:geheim@127.0.0.1:1/duel",
        DUEL_SECRET: "geheim-geheim-geheim", VALKEY_URL: "redis://ana:geheim@127.0.0.1:1" };
    for (const words of [[], ["--json"]]) {
        const { code, out, err } = await run(words, env);
        assert.equal(code, 1);
        assert.doesNotMatch(out + err, /geheim/);
    }
});

test("what is said wrongly on the command line, and a setting that is wrong", async () => {
    assert.deepEqual(await run(["--help"]).then(({ code, err }) => [code, err]), [0, ""]);
    for (const words of [["more"], ["--url"], ["--url", "api.framedle.wtf"], ["--url", "https://a b"]]) {
        const { code, err } = await run(words);
        assert.equal(code, 64);
        assert.match(err, /^duel-server check: cannot understand [^\n]+\n$/);
    }
    assert.equal((await run([], { DUEL_BEST_OF: "no" })).code, 78);
});
