// Stores that are reached over TLS, each with a certificate of our own authority: PostgreSQL by sslmode, Valkey
// by rediss://. Where hiredis has no TLS (before 1.0) a rediss:// is refused in one line. Both stores are
// started here; nobody is believed whose certificate is not good.

import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import pg from "pg";
import { meet } from "./lib/client.mjs";
import { checkBooks, takeEnds, winRound } from "./lib/play.mjs";
import { freePort, until } from "./lib/server.mjs";
import { World } from "./lib/world.mjs";

const dir = mkdtempSync(join(tmpdir(), "duel-tls-"));
const ca = join(dir, "ca.pem");
const other = join(dir, "other.pem");
const children = [];
let world;
let ports;

function must(program, words, options = {}) {
    const { status, stdout, stderr, error } = spawnSync(program, words,
        { cwd: dir, encoding: "utf8", ...options });
    assert.equal(status, 0, `${program} ${words[0]}: ${error ?? stderr}`);
    return stdout;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Two authorities, and a certificate of the first for 127.0.0.1 alone. */
function certify() {
    for (const name of ["ca", "other"]) {
        must("openssl", ["req", "-x509", ...KEY, "-keyout", `${name}.key`, "-out", `${name}.pem`, "-days",
            "2", "-subj", `/CN=${name}`]);
    }
    must("openssl", ["req", "-new", ...KEY, "-keyout", "store.key", "-out", "store.csr", "-subj",
        "/CN=store"]);
    writeFileSync(join(dir, "names"), "subjectAltName=IP:127.0.0.1\n");
    must("openssl", ["x509", "-req", "-in", "store.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "store.pem"]);
    chmodSync(join(dir, "store.key"), 0o600);
}

function start(program, words, options = {}) {
    const child = spawn(program, words, { cwd: dir, stdio: ["ignore", "ignore", "ignore"], ...options });
    child.gone = new Promise((done) => child.once("exit", done));
    children.push(child);
}

/** PostgreSQL refuses to run as root. */
function startPostgres() {
    const root = process.getuid() === 0;
    const number = (option) => Number(must("id", [option, "postgres"]));
    const who = root ? { uid: number("-u"), gid: number("-g") } : {};
    if (root) {
        for (const file of [dir, join(dir, "store.key")]) {
            chownSync(file, who.uid, who.gid);
        }
    }
    const bin = process.env.PG_BIN ?? must("pg_config", ["--bindir"]).trim();
    must(join(bin, "initdb"), ["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", "pg"], who);
    start(join(bin, "postgres"), ["-D", join(dir, "pg"), "-p", String(ports[0]), "-k", dir, "-c", "ssl=on",
        "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", `ssl_cert_file=${dir}/store.pem`, "-c",
        `ssl_key_file=${dir}/store.key`], who);
}

function startValkey(program) {
    start(program, ["--port", "0", "--tls-port", String(ports[1]), "--bind", "127.0.0.1", "--tls-cert-file",
        "store.pem", "--tls-key-file", "store.key", "--tls-ca-cert-file", "ca.pem", "--tls-auth-clients",
        "no", "--requirepass", "geheim", "--save", "", "--dir", dir]);
}

const databaseAt = (words) => `postgresql://postgres@127.0.0.1:${ports[0]}/postgres?${words}`;
const valkeyAt = (host) => `rediss://:geheim@${host}:${ports[1]}`;

function server(words, env) {
    return new Promise((done) => {
        execFile(process.env.DUEL_SERVER, words, { env: { ...process.env, ...world.env, ...env } },
            (error, out, err) => done({ code: error?.code ?? 0, out, err }));
    });
}

async function row(env, name) {
    const { checks } = JSON.parse((await server(["check", "--json"], env)).out);
    return checks.find((one) => `${one.area} ${one.what}` === name);
}

let speaksTls;

before(async () => {
    certify();
    ports = [await freePort(), await freePort()];
    world = await World.start({ start: false });
    world.env.DUEL_BEST_OF = "1";
    startPostgres();
    const info = await world.valkey.info("server");
    startValkey(/^executable:(.*)$/m.exec(info)[1].trim());
    await until(async () => {
        const client = new pg.Client({ connectionString: databaseAt(""), ssl: { ca: readFileSync(ca) } });
        client.on("error", () => {});
        return client.connect().then(() => client.end()).then(() => true, () => false);
    }, "PostgreSQL with TLS");
    await until(() => new Promise((done) => {
        const socket = connect({ host: "127.0.0.1", port: ports[1], ca: readFileSync(ca) }, () => {
            socket.end();
            done(true);
        });
        socket.on("error", () => done(false));
    }), "Valkey with TLS");
    speaksTls = (await server(["--check-config"], { VALKEY_URL: valkeyAt("127.0.0.1") })).code === 0;
});
after(async () => {
    await world?.stop();
    for (const child of children) {
        child.kill("SIGINT"); // PostgreSQL's fast way out
        await child.gone;
    }
    rmSync(dir, { recursive: true, force: true });
});

/** Framedle's rows of the world, in the PostgreSQL with TLS. */
async function copyDatabase() {
    const dump = must("pg_dump", ["--no-owner", world.databaseUrl], { maxBuffer: 1 << 26 });
    must("psql", ["-q", "-v", "ON_ERROR_STOP=1", databaseAt("sslmode=require")], { input: dump });
}

test("PostgreSQL: sslmode=require and verify-full with our authority, by server and commands", async () => {
    await copyDatabase();
    const full = databaseAt(`sslmode=verify-full&sslrootcert=${ca}`);
    const { found } = await row({ DATABASE_URL: full }, "PostgreSQL connection");
    assert.match(found, /TLSv1\.\d \(sslmode=verify-full\)/);
    for (const DATABASE_URL of [databaseAt("sslmode=require"), full]) {
        await world.serve({ DATABASE_URL });
        await world.ready();
        const { rows } = await admin("select bool_and(ssl) as all, count(*)::int as n from pg_stat_ssl"
            + " join pg_stat_activity using (pid) where client_addr is not null and pid <> pg_backend_pid()");
        assert.ok(rows[0].all && rows[0].n > 0, JSON.stringify(rows[0]));
        await world.terminate();
    }
});

async function admin(sql) {
    const client = new pg.Client({ connectionString: databaseAt(""), ssl: { ca: readFileSync(ca) } });
    await client.connect();
    try {
        return await client.query(sql);
    } finally {
        await client.end();
    }
}

test("PostgreSQL: another authority, or another name, is nobody to talk to", async () => {
    const named = databaseAt(`sslmode=verify-full&sslrootcert=${ca}`).replace("127.0.0.1", "localhost");
    for (const DATABASE_URL of [databaseAt(`sslmode=verify-full&sslrootcert=${other}`), named]) {
        const { state, found, cure } = await row({ DATABASE_URL }, "PostgreSQL connection");
        assert.equal(state, "FAIL");
        assert.match(found, /certificate/);
        assert.match(cure, /sslrootcert/);
    }
    const logged = world.log.length;
    await world.serve({ DATABASE_URL: databaseAt(`sslmode=verify-full&sslrootcert=${other}`) });
    await until(() => /no connection to PostgreSQL.*certificate/.test(world.log.slice(logged)),
        "the log says it");
    await world.terminate();
});

test("rediss:// where hiredis has no TLS: one line, status 78, no password", async (t) => {
    if (speaksTls) {
        t.skip("this hiredis has TLS");
        return;
    }
    const { code, out, err } = await server([], { VALKEY_URL: valkeyAt("127.0.0.1") });
    assert.deepEqual([code, out], [78, ""]);
    assert.match(err, /^duel-server: VALKEY_URL [^\n]*TLS[^\n]*hiredis[^\n]*\n$/);
    assert.doesNotMatch(err, /geheim/);
});

test("rediss://: a rated duel, saved and heard of over TLS", async (t) => {
    if (!speaksTls) {
        t.skip("this hiredis has no TLS");
        return;
    }
    await world.serve({ VALKEY_URL: valkeyAt("127.0.0.1"), VALKEY_CA_FILE: ca });
    await world.ready();
    const { match, seats } = await meet(await world.player("tlsana000001"),
        await world.player("tlsbia000002"));
    const { end } = await winRound(world, seats, 0, 1);
    await checkBooks(world, match, await takeEnds(seats), [end]);
    await world.terminate();
    const found = await row({ VALKEY_URL: valkeyAt("127.0.0.1"), VALKEY_CA_FILE: ca }, "Valkey connection");
    assert.match(found.found, /, TLS$/);
});

test("rediss://: another authority, or another name, is nobody to talk to", async (t) => {
    if (!speaksTls) {
        t.skip("this hiredis has no TLS");
        return;
    }
    const bad = [[valkeyAt("127.0.0.1"), other], [valkeyAt("127.0.0.1"), ""], [valkeyAt("localhost"), ca]];
    for (const [VALKEY_URL, VALKEY_CA_FILE] of bad) {
        const { state, cure } = await row({ VALKEY_URL, VALKEY_CA_FILE }, "Valkey connection");
        assert.equal(state, "FAIL");
        assert.match(cure, /VALKEY_CA_FILE/);
        const logged = world.log.length;
        await world.serve({ VALKEY_URL, VALKEY_CA_FILE });
        await until(() => /no connection to Valkey.*(certificate|mismatch)/.test(world.log.slice(logged)),
            `the log says it: ${VALKEY_URL} ${VALKEY_CA_FILE}`);
        assert.doesNotMatch(world.log, /geheim/);
        await world.terminate();
    }
    const { state } = await row({ VALKEY_URL: valkeyAt("localhost"), VALKEY_CA_FILE: "none" },
        "Valkey connection");
    assert.equal(state, "ok");
});

test("a file of authorities that is not there is one clear line", async () => {
    const { code, err } = await server(["--check-config"], { VALKEY_CA_FILE: join(dir, "nothing.pem") });
    assert.equal(code, 78);
    assert.match(err, /^duel-server: VALKEY_CA_FILE [^\n]+\n$/);
});
