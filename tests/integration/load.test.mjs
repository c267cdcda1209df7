// The load generator against a real server: whole duels of all kinds, judged by its own umpire; and that
// its exit status, its summary and its reports say what happened.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcp } from "node:net";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { AUDIENCE, World } from "./lib/world.mjs";

const LOAD = process.env.DUEL_LOAD ?? join(dirname(process.env.DUEL_SERVER ?? ""), "duel-load");
const ANSWER = "The Answer Of The Load Test";
const KID = "load";
const OPEN = { DUEL_ADDRESS_CONNECTIONS: "0", DUEL_ADDRESS_UNAUTHENTICATED: "0", DUEL_ADDRESS_RATE: "0",
    DUEL_WINDOW: "100000", DUEL_BEST_OF: "5", DUEL_MAX_GUESSES: "6", DUEL_LOCKOUT_MS: "20",
    DUEL_ROUND_MS: "5000", DUEL_GRACE_MS: "10000", DUEL_WAITING_MS: "10000", DUEL_REMATCH_MS: "5000" };

let world;
let issuer;
let who;

/** A key pair of the load generator's own: it mints what the issuer at `endpoint` would. */
async function serveKeys() {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const body = JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: KID, use: "sig",
        alg: "ES384" }] });
    issuer = createServer((request, response) => {
        response.setHeader("content-type", "application/json");
        response.end(body);
    });
    await new Promise((done) => issuer.listen(0, "127.0.0.1", done));
    return { endpoint: `http://127.0.0.1:${issuer.address().port}`,
        pem: privateKey.export({ type: "pkcs8", format: "pem" }) };
}

before(async () => {
    const { endpoint, pem } = await serveKeys();
    world = await World.start({ start: false });
    await world.db.query("update videos set title = $1", [ANSWER]); // re-uploads of each other
    await world.serve({ ...OPEN, LOGTO_ENDPOINT: endpoint });
    await world.ready();
    const key = join(world.dir, "load.pem");
    writeFileSync(key, pem, { mode: 0o600 });
    who = ["--key", key, "--kid", KID, "--issuer", `${endpoint}/oidc`, "--audience", AUDIENCE];
});
after(async () => {
    await world?.stop();
    issuer?.closeAllConnections();
    issuer?.close();
});

function start(args) {
    const child = spawn(LOAD, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (part) => (output += part));
    child.stderr.on("data", (part) => (output += part));
    const end = new Promise((done) => child.once("close", (status) => done({ status, output })));
    return { child, end };
}

let runs = 0;
/** One run with players of its own; its JSON as `result`. */
async function play(args) {
    const json = join(world.dir, `load-${runs}.json`);
    const end = await start(["--server", `127.0.0.1:${world.server.port}`,
        "--ops", `127.0.0.1:${world.server.opsPort}`, ...who, "--answer", ANSWER, "--quiet", "--sub-prefix",
        `run${runs++}-`, "--json", json, ...args]).end;
    return { ...end, result: JSON.parse(readFileSync(json, "utf8")) };
}

function assertFine({ status, output, result }) {
    assert.equal(status, 0, output);
    assert.deepEqual([result.errors, result.broken], [[], []]);
}

const words = (text) => text.split(" ");

test("people play, and no rule is broken", async () => {
    const run = await play([...words("--matches 10 --ramp 0.5 --seconds 4 --think 50-300 --right 60"),
        "--report", join(world.dir, "page.html")]);
    assertFine(run);
    const { counts, latency, checks, server } = run.result;
    assert.ok(counts.matches_finished > 0 && counts.rounds > 10, run.output);
    assert.ok(counts.correct > 0 && counts.correct < counts.guesses);
    assert.ok(latency.verdict.count > 10 && latency.matched.count > 0 && latency.skew.count > 0);
    assert.ok(checks > 1000);
    assert.ok(server.rss_bytes_last > 1e6);
    assert.match(readFileSync(join(world.dir, "page.html"), "utf8"), /<html[^]*"mode": ?"realistic"/);
});

test("friends, lost lines, typing, leaving and playing again", async () => {
    const run = await play(words("--matches 20 --ramp 0.5 --seconds 6 --think 50-400 --suggest 20 --drops 30 "
        + "--leave 20 --rematch 90 --invite 40"));
    assertFine(run);
    const { counts, latency } = run.result;
    for (const what of ["drops", "resumes", "suggests", "rematches"]) {
        assert.ok(counts[what] > 0, `${what}: ${run.output}`);
    }
    assert.ok(latency.resume.count > 0 && latency.suggest.count > 0);
});

test("saturated: each round costs two guesses", async () => {
    const run = await play(words("--mode saturation --matches 4 --ramp 0.2 --seconds 2"));
    assertFine(run);
    const { counts } = run.result;
    assert.ok(counts.rounds > 10, run.output);
    assert.ok(Math.abs(counts.guesses - 2 * counts.rounds) <= 3 * 4, run.output);
});

for (const by of ["ticket", "token"]) {
    test(`a storm by ${by}: all come back, and matches go on`, async () => {
        const run = await play([...words("--mode storm --matches 20 --playing 3 --ramp 0.5 --seconds 8"),
            "--storm-by", by]);
        assertFine(run);
        const { storm, latency } = run.result;
        assert.equal(storm.connections, 40);
        assert.ok(storm.per_s > 0);
        assert.equal(latency.welcome.count >= 40, true);
    });
}

test("all join at once and are all matched", async () => {
    const run = await play(words("--mode pairing --matches 30 --seconds 10"));
    assertFine(run);
    assert.equal(run.result.pairing.players, 60);
    assert.ok(run.result.pairing.s > 0);
});

test("held sockets", async () => {
    const run = await play(words("--mode idle --matches 20 --ramp 0.3 --seconds 1"));
    assertFine(run);
    assert.ok(run.result.samples.some((one) => one.sockets === 40), run.output);
});

test("what is not right in truth is told: errors, and exit status 1", async () => {
    const run = await play(["--matches", "4", "--ramp", "0.2", "--seconds", "2", "--think", "50-100",
        "--answer", "not the title"]);
    assert.equal(run.status, 1);
    assert.equal(run.result.broken[0].what, "verdict: a right answer is wrong");
    assert.match(run.output, /a right answer is wrong/);
});

test("tokens nobody knows are errors", async () => {
    const tokens = join(world.dir, "tokens");
    writeFileSync(tokens, "a.b.c\nd.e.f\n");
    const { status, output } = await start(["--server", `127.0.0.1:${world.server.port}`, "--tokens", tokens,
        "--matches", "1", "--ramp", "0", "--seconds", "1", "--quiet"]).end;
    assert.equal(status, 1);
    assert.match(output, /queue socket closed: 4?401/);
});

test("nobody there is 69, a wrong option 64, each in one line", async () => {
    const spare = createTcp();
    await new Promise((done) => spare.listen(0, "127.0.0.1", done));
    const { port } = spare.address();
    await new Promise((done) => spare.close(done));
    const away = await start(["--server", `127.0.0.1:${port}`, ...who]).end;
    assert.equal(away.status, 69, away.output);
    assert.match(away.output, /^duel-load: .* cannot be reached: .*\n$/);
    const wrong = await start(["--matches", "many"]).end;
    assert.equal(wrong.status, 64);
    assert.match(wrong.output, /^duel-load: --matches: .*\n$/);
});

test("Ctrl-C ends a run early, with its summary", async () => {
    const { child, end } = start(["--server", `127.0.0.1:${world.server.port}`, ...who, "--answer", ANSWER,
        "--matches", "5", "--ramp", "0.1", "--seconds", "600", "--sub-prefix", "stopped", "--think", "50-100"]);
    await world.until(async () => (await world.db.query(
        "select 1 from users where auth_provider_id like 'stopped%'")).rowCount >= 10, "ten players");
    child.kill("SIGINT");
    const { status, output } = await end;
    assert.equal(status, 0, output);
    assert.match(output, /realistic, 5 matches/);
});
