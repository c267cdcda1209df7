// The process itself: settings, stores that are away, stopping (contract sections 7 to 9).

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { meet, startRound } from "./lib/client.mjs";
import { World } from "./lib/world.mjs";

let world;
before(async () => {
    world = await World.start({ start: false });
});
after(() => world?.stop());

function run(args, env = {}) {
    return new Promise((done) => {
        execFile(process.env.DUEL_SERVER, args, { env: { PATH: process.env.PATH, ...env }, timeout: 20_000 },
            (error, stdout, stderr) => done({ code: error ? error.code : 0, stdout, stderr }));
    });
}

test("each command explains itself without any setting", async () => {
    const words = (await run(["--help"])).stdout.matchAll(/^ +duel-server ([a-z]+)/gm);
    for (const [, word] of words) {
        const help = await run([word, "--help"]);
        assert.equal(help.code, 0, word);
        assert.ok(help.stdout.startsWith(`usage: duel-server ${word}`), word);
    }
});

test("--help, --version, --check-config", async () => {
    const help = await run(["--help"]);
    assert.equal(help.code, 0);
    for (const name of ["DUEL_LISTEN", "DATABASE_URL", "LOGTO_API_RESOURCE", "DUEL_LAG_CAP_MS", "migrate"]) {
        assert.ok(help.stdout.includes(name), name);
    }
    assert.equal((await run(["--version"])).code, 0);
    const good = await run(["--check-config"], world.env);
    assert.equal(good.code, 0, good.stderr);
    assert.ok(!good.stdout.includes(world.databaseUrl), "no address with a password in it");
    assert.equal((await run(["--nonsense"])).code, 64);
});

test("a wrong or missing setting is one clear line and exit status 78", async () => {
    const cases = [
        [{ LOGTO_API_RESOURCE: "" }, /LOGTO_API_RESOURCE/], [{ LOGTO_ENDPOINT: "" }, /LOGTO_ENDPOINT/],
        [{ DUEL_BEST_OF: "99" }, /DUEL_BEST_OF.*25/], [{ DUEL_ROUND_MS: "soon" }, /DUEL_ROUND_MS/],
        [{ DUEL_LISTEN: "nowhere" }, /DUEL_LISTEN/], [{ DUEL_FRAMES: "ftp://x" }, /DUEL_FRAMES/],
        [{ VALKEY_URL: "http://x" }, /VALKEY_URL/], [{ LOG_LEVEL: "loud" }, /LOG_LEVEL/],
        [{ DUEL_DIFFICULTY: "9-2" }, /DUEL_DIFFICULTY/], [{ DUEL_SECRET: "short" }, /DUEL_SECRET/],
    ];
    for (const [env, line] of cases) {
        for (const args of [[], ["--check-config"]]) {
            const result = await run(args, { ...world.env, ...env });
            assert.equal(result.code, 78, JSON.stringify(env));
            assert.match(result.stderr, line);
            assert.equal(result.stderr.trim().split("\n").length, 1, result.stderr);
            assert.ok(!result.stderr.includes("short\n"));
        }
    }
});

test("with everything away the server starts and says what it waits for", async () => {
    await world.serve({
        DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none", VALKEY_URL: "redis://127.0.0.1:1",
        LOGTO_ENDPOINT: "http://127.0.0.1:1",
    });
    await world.ready(503);
    const ops = `http://127.0.0.1:${world.opsPort}`;
    assert.equal((await fetch(`${ops}/healthz`)).status, 200);
    assert.match(await (await fetch(`${ops}/readyz`)).text(), /postgresql|valkey|keys/i);
    const health = await run(["healthcheck"], { DUEL_OPS_LISTEN: world.env.DUEL_OPS_LISTEN });
    assert.equal(health.code, 0);
    assert.deepEqual(await world.terminate(), { code: 0, signal: null });
    assert.equal((await run(["healthcheck"], { DUEL_OPS_LISTEN: world.env.DUEL_OPS_LISTEN })).code, 1);
});

test("migrate is repeatable and says what it did", async () => {
    const first = await run(["migrate"], world.env);
    assert.equal(first.code, 0, first.stderr);
    const second = await run(["migrate"], world.env);
    assert.equal(second.code, 0, second.stderr);
    const both = await Promise.all([run(["migrate"], world.env), run(["migrate"], world.env)]);
    assert.deepEqual(both.map((one) => one.code), [0, 0]);
});

test("PostgreSQL's connection is cut in mid-match: the match goes on, the row is there once", async () => {
    await world.serve({ DUEL_BEST_OF: "1", DUEL_SETTLE_WAIT_MS: "20000" });
    await world.ready();
    const { match, seats } = await meet(await world.player("cut000000001"), await world.player("cut000000002"));
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
    await world.db.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`);
    seats[0].socket.send({ t: "guess", round: 1, seq: 1, text: world.videoOf(starts[0].image).title });
    const end = await seats[0].socket.take("match_end");
    assert.deepEqual([end.outcome, end.rating.before, end.rating.after], ["win", 1000, 1016]);
    const { rows } = await world.db.query("select count(*)::int as n from duel_matches where id = $1", [match]);
    assert.equal(rows[0].n, 1);
    for (const seat of seats) {
        seat.socket.cut();
    }
});

test("Valkey's connection is cut: the running match ends properly, the queue works again", async () => {
    const { seats } = await meet(await world.player("cut000000003"), await world.player("cut000000004"));
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
    await world.valkey.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    seats[1].socket.send({ t: "guess", round: 1, seq: 1, text: world.videoOf(starts[1].image).title });
    const end = await seats[1].socket.take("match_end");
    assert.equal(end.outcome, "win");
    await world.until(async () => (await world.valkey.xlen("duel:events")) >= 2, "both events");
    for (const seat of seats) {
        seat.socket.cut();
    }
    await world.ready();
    const again = await meet(await world.player("cut000000005"), await world.player("cut000000006"));
    for (const seat of again.seats) {
        seat.socket.cut();
    }
});

test("SIGTERM: clients are told 1012, exit status 0", async () => {
    const waiting = await (await world.player("term00000001")).queue();
    await waiting.take("queued");
    const { seats } = await meet(await world.player("term00000002", { name: "T", rating: 2000 }),
        await world.player("term00000003", { name: "U", rating: 2000 }));
    const exit = world.terminate();
    for (const socket of [waiting, ...seats.map((seat) => seat.socket)]) {
        assert.equal((await socket.ends()).code, 1012);
    }
    assert.deepEqual(await exit, { code: 0, signal: null });
});
