// Frames from an S3 store over HTTPS, as R2 is: only from one whose certificate is good.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { winRound } from "./lib/play.mjs";
import { S3Store } from "./lib/s3store.mjs";
import { S3World } from "./lib/s3world.mjs";

const dir = mkdtempSync(join(tmpdir(), "duel-https-"));
let store;
let it;
let world;

function openssl(...words) {
    const { status, stderr } = spawnSync("openssl", words, { cwd: dir, encoding: "utf8" });
    assert.equal(status, 0, stderr);
}

/** An authority of our own, and its certificate for `name`. */
function certify(name) {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
        "-subj", "/CN=an authority");
    openssl("req", "-new", ...key, "-keyout", "store.key", "-out", "store.csr", "-subj", "/CN=a store");
    writeFileSync(join(dir, "names"), `subjectAltName=${name}\n`);
    openssl("x509", "-req", "-in", "store.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-days", "2", "-extfile", "names", "-out", "store.pem");
    return { key: readFileSync(join(dir, "store.key")), cert: readFileSync(join(dir, "store.pem")) };
}

before(async () => {
    store = new S3Store({ tls: certify("IP:127.0.0.1") });
    await store.start();
    it = await S3World.start(store.settings, (key, bytes) => store.objects.set(key, bytes));
    world = it.world;
});
after(async () => {
    await world?.stop();
    await store?.stop();
    rmSync(dir, { recursive: true, force: true });
});
afterEach(() => it.end(store.secret));

test("a duel with pictures over HTTPS, over few connections", async () => {
    await it.serve({ R2_CA_FILE: join(dir, "ca.pem") });
    const connections = store.connections;
    const seats = await it.meetNew();
    for (let round = 1; round <= 3; round++) {
        await winRound(world, seats, 0, round);
    }
    await Promise.all(seats.map((seat) => seat.socket.take("match_end")));
    assert.ok(store.served.length >= 3);
    assert.ok(store.connections - connections <= 3, `${store.connections - connections} connections`);
    assert.equal(store.refused.length, 0);
    assert.equal(await world.metric("duel_frame_failures_total"), 0);
});

test("a certificate of an authority that nobody trusts", async () => {
    const served = store.served.length;
    await it.serve({}, 503);
    await it.said(/frames cannot be had: the store is down.*certificate/i);
    assert.equal(store.served.length, served);
    assert.equal(await world.metric("duel_frames_up"), 0);
});

test("a certificate for another name", async () => {
    const endpoint = store.settings.R2_ENDPOINT.replace("127.0.0.1", "localhost");
    await it.serve({ R2_ENDPOINT: endpoint, R2_CA_FILE: join(dir, "ca.pem") }, 503);
    await it.said(/frames cannot be had: the store is down.*certificate/i);
});

test("a file of authorities that is not there is one clear line", () => {
    const env = { ...world.env, PATH: process.env.PATH, R2_CA_FILE: join(dir, "nothing.pem") };
    const { status, stderr } = spawnSync(process.env.DUEL_SERVER, ["--check-config"],
        { env, encoding: "utf8" });
    assert.equal(status, 78);
    assert.match(stderr, /^duel-server: R2_CA_FILE [^\n]+\n$/);
});
