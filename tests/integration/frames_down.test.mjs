// The S3 store of the frames is away, for all of them: nobody new is let wait, a match that is there waits
// for its picture and goes on, or is abandoned when that takes too long. Never a round without a picture.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { takeEnds, winRound } from "./lib/play.mjs";
import { S3Store } from "./lib/s3store.mjs";
import { S3World } from "./lib/s3world.mjs";

const store = new S3Store();
let it;
let world;

before(async () => {
    await store.start();
    it = await S3World.start(store.settings, (key, bytes) => store.objects.set(key, bytes));
    world = it.world;
});
after(async () => {
    await world?.stop();
    await store.stop();
});
afterEach(async () => {
    store.spoil = null;
    await it.end(store.secret);
});

/** Every object is refused from now on. */
function refuseAll() {
    store.spoil = (request, response) => {
        store.error(response, 403, "AccessDenied");
        return true;
    };
}

async function enter(player) {
    const socket = await player.queue();
    it.open.push(socket);
    return socket;
}

async function toldUnavailable(player) {
    const socket = await enter(player);
    const error = await socket.take("error");
    assert.equal(error.code, "UNAVAILABLE");
    assert.ok(Number.isInteger(error.until));
    assert.equal((await socket.ends()).code, 4503);
}

/** Comes back until the welcome is as wanted. */
async function comeBackUntil(seat, wanted) {
    return world.until(async () => {
        const again = await seat.player.match({ path: seat.matched.path, resume: seat.welcome.resume });
        it.open.push(again);
        const welcome = await again.take("welcome");
        return wanted(welcome) && { again, welcome };
    }, "such a welcome");
}

test("the store goes away in a match and comes back: the round waits for its picture", async () => {
    await it.serve({ DUEL_QUEUE_TIMEOUT_MS: "60000" });
    const seats = await it.meetNew();
    const waiting = await enter(await it.person());
    await waiting.take("queued");
    const video = await it.bothSee(seats, 1);
    await store.stop();
    seats[0].socket.send({ t: "guess", round: 1, seq: 1, text: video.title });
    await Promise.all(seats.map((seat) => seat.socket.take("round_end")));
    await world.ready(503);
    assert.match(await it.why(), /frames cannot be had/);
    assert.equal(await world.metric("duel_frames_up"), 0);
    assert.equal(await world.metric("duel_frames_waiting"), 1);
    await toldUnavailable(await it.person());
    assert.equal(waiting.end, undefined, "who waited already waits on");

    await store.start();
    await world.ready();
    await winRound(world, seats, 1, 2);
    assert.equal(await world.metric("duel_frames_up"), 1);
    assert.equal(await world.metric("duel_frame_store_outages_total"), 1);
    assert.equal(await world.metric("duel_frame_failures_total"), 0);
    const other = await enter(await it.person());
    await Promise.all([waiting.take("matched"), other.take("matched")]);
});

test("a match that was just made waits, and says so to who comes back", async () => {
    await it.serve();
    refuseAll();
    const [seat, other] = await it.meetNew();
    await world.ready(503);
    await Promise.all([seat, other].map((one) => one.socket.take("countdown")));
    const { again, welcome } = await comeBackUntil(seat, (one) => one.phase_ends_at === null);
    assert.equal(welcome.phase, "countdown", "it is over, and nobody can say when the picture comes");
    assert.equal(welcome.frame ?? null, null);
    store.spoil = null;
    await world.ready();
    await it.bothSee([{ ...seat, socket: again, welcome }, other], 1);
    assert.equal(await world.metric("duel_frame_failures_total"), 0);
});

test("a store that stays away too long ends the match, and nobody loses by it", async () => {
    await it.serve({ DUEL_FRAME_WAIT_MS: "1500", DUEL_FRAME_CACHE: "33554432" });
    const seats = await it.meetNew();
    await winRound(world, seats, 0, 1);
    const video = await it.bothSee(seats, 2);
    refuseAll();
    seats[1].socket.send({ t: "guess", round: 2, seq: 1, text: video.title });
    const ends = await takeEnds(seats, { rated: false });
    for (const [slot, told] of ends.entries()) {
        assert.deepEqual([told.outcome, told.reason, told.rating], ["none", "abandoned", null]);
        assert.deepEqual(await seats[slot].socket.ends(), { code: 4503, reason: "no frame can be had" });
    }
    const row = await world.storedMatch(seats[0].matched.match);
    assert.deepEqual([row.status, row.reason, row.winner_id], ["abandoned", "abandoned", null]);
    assert.equal(row.rounds.length, 2);
    assert.deepEqual([row.rating_p1_after, row.rating_p2_after], [null, null]);
});

test("who came to a match that never got a picture keeps his place in the queue", async () => {
    await it.serve({ DUEL_FRAME_WAIT_MS: "1500" });
    const people = [await it.person(), await it.person()];
    const first = await enter(people[0]);
    const { since } = await first.take("queued");
    refuseAll();
    const second = await enter(people[1]);
    const matched = await Promise.all([first, second].map((socket) => socket.take("matched")));
    const sockets = await Promise.all(matched.map((one, index) => people[index].match(one)));
    it.open.push(...sockets);
    for (const socket of sockets) {
        assert.equal((await socket.ends()).code, 4503);
        assert.equal(socket.count("round"), 0);
    }
    await toldUnavailable(people[0]);
    store.spoil = null;
    await world.ready();
    const again = await enter(people[0]);
    assert.equal((await again.take("queued")).since, since);
});

const MISTAKES = {
    "keys that it does not know": [{ R2_SECRET_KEY: "another-secret" },
        /HTTP status 403 SignatureDoesNotMatch/],
    "another region": [{ R2_REGION: "auto" }, /HTTP status 400 AuthorizationHeaderMalformed/],
    "a bucket that is not there": [{ DUEL_FRAMES: "s3://", R2_BUCKET: "no-such-bucket" },
        /HTTP status 404 NoSuchBucket/],
};

for (const [name, [env, reason]] of Object.entries(MISTAKES)) {
    test(`${name}: known before anybody plays, and said why`, async () => {
        await it.serve(env, 503);
        await it.said(reason);
        assert.match(await it.why(), /frames cannot be had/);
        await toldUnavailable(await it.person());
        assert.ok(!world.log.includes("another-secret"));
    });
}
