// What leaves for GlitchTip and Umami, taken by a receiver that is strict about the format (Sentry's envelope
// specification, read once more by its own package; Umami's /api/send), and what never leaves. A receiver
// that fails must not be felt by players.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { parseEnvelope } from "@sentry/core";
import { isbot } from "isbot";
import { meet, startRound } from "./lib/client.mjs";
import { takeEnds, winRound } from "./lib/play.mjs";
import { World } from "./lib/world.mjs";

const KEY = "0123456789abcdef0123456789abcdef";
const WEBSITE = "5ed1a2f0-2c4b-4bb0-9a5c-3f7f0f3a1c77";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ANSWERS = {
    good: (response) => response.end("{}"),
    bad: (response) => response.writeHead(500).end("broken"),
    limited: (response) => response.writeHead(429, { "Retry-After": "60" }).end(),
    silent: () => {},
};

let world;
let state; // DUEL_STATE_DIR
let receiver;
let people = 0;
const secrets = []; // nothing of these may be in what was received

async function makeReceiver() {
    const made = { answer: "good", got: [] };
    made.server = createServer((request, response) => {
        const parts = [];
        request.on("data", (part) => parts.push(part));
        request.on("end", () => {
            made.got.push({ url: request.url, headers: request.headers, body: Buffer.concat(parts) });
            ANSWERS[made.answer](response);
        });
    });
    await new Promise((done) => made.server.listen(0, "127.0.0.1", done));
    made.host = `127.0.0.1:${made.server.address().port}`;
    made.at = (path) => made.got.filter(({ url }) => url === path);
    return made;
}

before(async () => {
    receiver = await makeReceiver();
    state = mkdtempSync(join(tmpdir(), "duel-state-"));
    world = await World.start({ env: {
        DUEL_NODE_ID: "n1", DUEL_BEST_OF: "1", DUEL_SECRET: "a secret of this test", DUEL_STATE_DIR: state,
        SENTRY_DSN: `http://${KEY}@${receiver.host}/7`,
        UMAMI_URL: `http://${receiver.host}/`, UMAMI_WEBSITE_ID: WEBSITE,
    } });
});
after(async () => {
    await world?.stop();
    receiver?.server.closeAllConnections();
    receiver?.server.close();
    rmSync(state, { recursive: true, force: true });
});
// Each begins with a process that has sent nothing yet.
beforeEach(async () => {
    receiver.answer = "good";
    receiver.server.closeAllConnections();
    await world.restart();
    receiver.got.length = 0;
});

/** One envelope, read strictly: the event in it. */
function eventOf({ headers, body }) {
    assert.equal(headers["content-type"], "application/x-sentry-envelope");
    assert.match(headers["x-sentry-auth"],
        new RegExp(`^Sentry sentry_version=7, sentry_client=[a-z-]+/[0-9.]+, sentry_key=${KEY}$`));
    const lines = body.toString("utf8").split("\n");
    assert.deepEqual([lines.length, lines[3]], [4, ""], "three lines, each with its end");
    const [head, item, event] = lines.slice(0, 3).map((line) => JSON.parse(line));
    assert.deepEqual(Object.keys(head), ["event_id", "sent_at"]);
    assert.ok(Math.abs(Date.parse(head.sent_at) - Date.now()) < 120_000);
    assert.deepEqual(item,
        { type: "event", length: Buffer.byteLength(lines[2]), content_type: "application/json" });
    const [, [[itemHead, payload]]] = parseEnvelope(body);
    assert.deepEqual([itemHead, JSON.parse(Buffer.from(payload))], [item, event],
        "Sentry's own package reads the same");
    assert.match(event.event_id, /^[0-9a-f]{32}$/);
    assert.equal(event.event_id, head.event_id);
    assert.ok(Math.abs(event.timestamp * 1000 - Date.now()) < 120_000);
    assert.equal(event.platform, "native");
    assert.match(event.release, /^framedle-duel@[^\s/]+$/);
    assert.deepEqual([event.server_name, event.tags.node], ["n1", "n1"]);
    assert.ok(event.logentry.formatted.length > 0);
    checkCrumbs(event.breadcrumbs.values);
    return event;
}

function checkCrumbs(crumbs) {
    assert.ok(crumbs.length > 0 && crumbs.length <= 30, `${crumbs.length} breadcrumbs`);
    for (const crumb of crumbs) {
        assert.deepEqual(Object.keys(crumb), ["timestamp", "level", "category", "message", "data"]);
        assert.ok(["info", "warning", "error"].includes(crumb.level));
        assert.equal(typeof crumb.timestamp, "number");
    }
}

function reports() {
    return receiver.at("/api/7/envelope/").map(eventOf);
}

function visits(name) {
    return receiver.at("/api/send").map(({ body }) => JSON.parse(body))
        .filter(({ payload }) => payload.name === name);
}

async function newPair() {
    const seats = [];
    for (let i = 0; i < 2; i++) {
        people++;
        seats.push(await world.player(`repo${String(people).padStart(8, "0")}`, { name: `Rita ${people}` }));
    }
    const met = await meet(...seats);
    for (const seat of met.seats) {
        secrets.push(seat.player.token, seat.matched.resume, seat.welcome.resume);
    }
    return met;
}

/** PostgreSQL finds something wrong with every result: a fault that is reported. */
function refuseResults() {
    return world.db.query("alter table duel_matches add constraint never check (score_p1 > 100) not valid");
}

function takeResults() {
    return world.db.query("alter table duel_matches drop constraint never");
}

/** A whole match, whose guesses are not to be seen by anybody. */
async function play() {
    const { match, seats } = await newPair();
    const { video, starts } = await winRound(world, seats, 0, 1);
    secrets.push(video.title, video.id, starts[0].round.key, starts[0].frame.url);
    await takeEnds(seats, { rated: false });
    return { match, seats };
}

function checkSecrets() {
    const all = Buffer.concat(receiver.got.map(({ body, headers }) =>
        Buffer.concat([body, Buffer.from(JSON.stringify(headers))])));
    for (const secret of [...secrets, "a secret of this test", "Rita", "repo0000"].filter(Boolean)) {
        assert.ok(!all.includes(secret), `${secret} has left`);
    }
}

test("wrong settings end the start with one line", () => {
    const wrong = [
        [{ SENTRY_DSN: "https://short@errors.example/1" }, /^duel-server: SENTRY_DSN must be /],
        [{ SENTRY_DSN: `https://${KEY}@errors.example/` }, /SENTRY_DSN/],
        [{ SENTRY_DSN: `ftp://${KEY}@errors.example/1` }, /SENTRY_DSN/],
        [{ DUEL_STATE_DIR: "/nowhere/at/all" }, /DUEL_STATE_DIR/],
        [{ UMAMI_URL: "umami" }, /UMAMI_URL/],
        [{ UMAMI_WEBSITE_ID: "7" }, /UMAMI_WEBSITE_ID/],
        [{ UMAMI_WEBSITE_ID: "" }, /UMAMI_URL and UMAMI_WEBSITE_ID must be set together/],
    ];
    for (const [env, line] of wrong) {
        const { status, stderr } = spawnSync(process.env.DUEL_SERVER, ["--check-config"],
            { env: { ...world.env, ...env }, encoding: "utf8" });
        assert.deepEqual([status, stderr.trimEnd().split("\n").length], [78, 1], stderr);
        assert.match(stderr, line);
        assert.ok(!stderr.includes(KEY), "the key is not shown");
    }
});

test("faults become reports: grouped, once a minute each, without what was played", async () => {
    await refuseResults();
    try {
        const { match } = await play();
        await world.until(() => receiver.at("/api/7/envelope/").length >= 3, "three reports");
        const events = reports();
        assert.deepEqual(events.map(({ logentry }) => logentry.formatted).sort(), [
            "PostgreSQL refused a statement", "PostgreSQL refuses a result; it is dropped after being logged",
            "a result that PostgreSQL refuses"]);
        for (const event of events) {
            assert.equal(event.level, "error");
            assert.deepEqual(event.fingerprint, [event.logentry.formatted]);
            assert.equal(event.extra.suppressed, 0);
        }
        assert.ok(events.some(({ tags }) => tags.match === match), "one names the match");
        assert.ok(events[0].breadcrumbs.values.some((crumb) =>
            crumb.message === "match made" && crumb.data.match === match), "how it came to that");
        await world.until(async () => await world.metric("duel_error_reports_sent_total") === 3, "all taken");

        const before = await world.metric("duel_error_reports_dropped_total");
        await play();
        await world.until(async () => await world.metric("duel_error_reports_dropped_total") >= before + 3,
            "the same again is only counted");
        assert.equal(reports().length, 3);
        assert.match(world.log, /event="a result that PostgreSQL refuses"/);
        checkSecrets();
    } finally {
        await takeResults();
    }
});

async function crash(signal) {
    assert.deepEqual(await world.terminate(signal), { code: null, signal }, "the status is the signal's");
}

test("a crash in a match is reported by the next start, once", async () => {
    const { match, seats } = await newPair();
    await Promise.all(seats.map((seat) => startRound(seat, 1)));
    await crash("SIGSEGV");
    assert.deepEqual(readdirSync(state), ["crash-n1"]);
    assert.equal(receiver.at("/api/7/envelope/").length, 0, "nothing is sent by a process that dies");

    await world.serve();
    await world.ready();
    await world.until(async () => await world.metric("duel_error_reports_sent_total") === 1, "it is taken");
    const [event, ...others] = reports();
    assert.equal(others.length, 0);
    assert.deepEqual([event.level, event.tags.match], ["fatal", match]);
    const [exception] = event.exception.values;
    assert.equal(exception.type, "SIGSEGV");
    assert.deepEqual(exception.mechanism, { type: "signalhandler", handled: false });
    const { frames } = exception.stacktrace;
    assert.ok(frames.length >= 2, "there is a stack");
    assert.ok(frames.every((frame) => /^0x[0-9a-f]+$/.test(frame.instruction_addr)));
    assert.ok(frames.some((frame) => frame.in_app && /^duel-server\+0x[0-9a-f]+$/.test(frame.function)));
    const [image] = event.debug_meta.images;
    assert.deepEqual([image.type, /^[0-9a-f]{40}$/.test(image.code_id)], ["elf", true]);
    assert.ok(event.breadcrumbs.values.some(({ message }) => message === "both players are here"));
    assert.deepEqual(readdirSync(state), ["crash-n1"], "what was taken is removed");
    assert.equal(readFileSync(join(state, "crash-n1"), "utf8"), "");
    checkSecrets();
    seats.forEach(({ socket }) => socket.cut());

    await world.restart();
    assert.equal(await world.metric("duel_error_reports_sent_total"), 0);
    await world.terminate();
    assert.deepEqual(readdirSync(state), [], "who ends well leaves nothing");
    await world.serve();
    await world.ready();
});

test("a crash that is not taken is tried at three starts; a file that makes no sense at none", async () => {
    await crash("SIGABRT");
    writeFileSync(join(state, "crash-n1.1"), "signal x\n\0\nframe");
    receiver.answer = "bad";
    const names = [["crash-n1", "crash-n1.1"], ["crash-n1", "crash-n1.2"], ["crash-n1", "crash-n1.3"],
        ["crash-n1"]];
    for (const [start, name] of names.entries()) {
        await world.serve();
        await world.ready();
        const failures = start < 3 ? 1 : 0;
        await world.until(async () => await world.metric("duel_error_report_failures_total") === failures,
            `${failures} failures at start ${start}`);
        assert.deepEqual(readdirSync(state).sort(), name);
        await world.terminate("SIGKILL");
    }
    const events = reports();
    assert.deepEqual(events.map(({ exception }) => exception.values[0].type), Array(3).fill("SIGABRT"));
    assert.match(world.log, /event="what a crash has left cannot be read; it is removed"/);
    await world.serve();
    await world.ready();
});

test("Umami is told of queue, match and end, by visitors that are nobody's id", async () => {
    await play();
    await world.until(() => visits("duel_completed").length === 2, "both have completed");
    const ids = ["duel_queued", "duel_matched", "duel_completed"].map((name) => {
        const events = visits(name);
        assert.equal(events.length, 2, name);
        for (const { type, payload } of events) {
            assert.equal(type, "event");
            assert.deepEqual([payload.website, payload.hostname, payload.url],
                [WEBSITE, "framedle.wtf", "/duel"]);
            assert.match(payload.id, /^[0-9a-f]{32}$/);
            const known = ["website", "hostname", "url", "name", "id", "data"];
            const others = Object.keys(payload).filter((key) => !known.includes(key));
            assert.deepEqual(others, [], "no address, nothing else");
        }
        return events.map(({ payload }) => payload.id).sort();
    });
    assert.equal(new Set(ids.flat()).size, 2, "the same two at each step");
    const data = visits("duel_completed").map(({ payload }) => payload.data);
    assert.deepEqual(data.map(({ outcome }) => outcome).sort(), ["loss", "win"]);
    for (const { rated, reason, rounds, seconds } of data) {
        assert.deepEqual([rated, reason, rounds, Number.isInteger(seconds)], [true, "score", 1, true]);
    }
    for (const { headers } of receiver.at("/api/send")) {
        assert.equal(headers["content-type"], "application/json");
        assert.equal(isbot(headers["user-agent"]), false, headers["user-agent"]);
    }
    const { rows } = await world.db.query("select id::text from users");
    assert.ok(rows.every(({ id }) => UUID.test(id)));
    const all = Buffer.concat(receiver.at("/api/send").map(({ body }) => body)).toString();
    for (const { id } of rows) {
        assert.ok(!all.includes(id) && !all.includes(id.replaceAll("-", "")), "no player's id");
    }
    checkSecrets();
});

for (const answer of ["bad", "limited", "silent"]) {
    test(`receivers that are ${answer} are not felt by players`, async () => {
        receiver.answer = answer;
        await refuseResults();
        try {
            await play();
            await world.until(() => receiver.at("/api/7/envelope/").length > 0, "a report is tried");
            await play();
        } finally {
            await takeResults();
        }
        assert.equal(await world.metric("duel_error_reports_sent_total"), 0);
        assert.equal(await world.metric("duel_visit_events_sent_total"), 0);
        const envelopes = receiver.at("/api/7/envelope/").length;
        assert.ok(envelopes === 1, `${envelopes}: after a failure there is a pause`);
        assert.deepEqual(await world.terminate(), { code: 0, signal: null }, "it ends when it is told to");
        await world.serve();
        await world.ready();
    });
}
