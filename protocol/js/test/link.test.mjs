// What a well server does not do: moved matches, silent lines, restarts by the dozen, nonsense.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { createFake, MATCH, MATCHED, settle, TICKET, WELCOME } from "./fake.mjs";

const END = { t: "match_end", outcome: "draw", reason: "score", score: [1, 1], points: [200, 200],
    rating: null,
    avg_ms: null, share: "", rematch_until: 0 };

test("a browser says who it is by subprotocol or by the first message, nowhere else", async () => {
    const fake = createFake();
    fake.duel.search();
    await settle();
    const queue = fake.last();
    assert.equal(queue.url, "ws://duel.test/api/duel/queue");
    assert.deepEqual(queue.protocols, ["framedle.duel.v1"]);
    queue.accept();
    assert.deepEqual(queue.sent, [{ t: "auth", token: "a.b.c" }, { t: "ping", ts: 1 }]);
    queue.says({ t: "later" }, MATCHED, { ...MATCHED, match: MATCH.replace("6", "7") });
    await settle();
    assert.equal(fake.sockets.length, 2, "a second `matched` behind the first is of no interest");
    assert.equal(fake.last().url, `ws://duel.test/api/duel/match/${MATCH}`);
    assert.deepEqual(fake.last().protocols, ["framedle.duel.v1", `r.${TICKET}`]);
    assert.deepEqual(fake.tokens, [false]);
    fake.last().accept();
    assert.equal(fake.last().sent[0].t, "ping");
    fake.duel.reset();
    assert.equal(fake.timers.size, 0);
    assert.equal(fake.last().closedWith, 1000);
});

test("4421 leads to where the match is, within the server and not in circles", async () => {
    const fake = createFake();
    await fake.play();
    const node = (name) => `/api/duel/n/${name}/match/${MATCH}`;
    fake.last().ends(4421, node("b"));
    await settle();
    assert.equal(fake.last().path, node("b"), "at once");
    assert.equal(fake.last().protocols[1], `r.${TICKET}`);
    fake.last().accept();
    fake.last().ends(4421, node("b"));
    await settle();
    const count = fake.sockets.length;
    assert.equal(fake.duel.state.connection, "offline", "to itself: only after a pause");
    assert.equal(fake.duel.state.problem.code, "MOVED");
    await fake.advance(1000);
    assert.equal(fake.sockets.length, count + 1);
    assert.equal(fake.last().path, `/api/duel/match/${MATCH}`);

    for (let hop = 0; hop < 50; hop++) {
        fake.last().accept();
        fake.last().ends(4421, node(hop % 2 ? "c" : "d"));
        await settle();
    }
    assert.ok(fake.sockets.length < count + 10, `${fake.sockets.length} sockets in no time`);

    for (const strange of [`//evil.test/api/duel/match/${MATCH}`, `https://evil.test/api/duel/match/${MATCH}`,
        "https://evil.test/", `/elsewhere/match/${MATCH}`,
        `/api/duel/n/../../match/${MATCH}`, "/api/duel/queue", `/api/duel/match/${MATCH.replace("6", "7")}`,
            "",
        `/api/duel/n/b/match/${MATCH}?x=1`, "\\\\evil.test"]) {
        const other = createFake();
        await other.play();
        other.last().ends(4421, strange);
        await settle();
        assert.equal(other.sockets.length, 1, strange);
        assert.equal(other.duel.state.connection, "offline", strange);
        other.duel.reset();
    }
    fake.duel.reset();
});

test("where it was sent to may be gone: then where it began", async () => {
    const fake = createFake();
    await fake.play();
    fake.last().ends(4421, `/api/duel/n/b/match/${MATCH}`);
    await settle();
    fake.last().ends(1006);
    await fake.advance(5000);
    assert.equal(fake.last().path, `/api/duel/match/${MATCH}`);
    fake.duel.reset();
});

test("sent to a node that is dead until another has taken the match over: it gets there", async () => {
    const fake = createFake();
    const node = (name) => `/api/duel/n/${name}/match/${MATCH}`;
    await fake.play();
    fake.last().ends(1006);
    const dies = fake.time;
    let sent = 0;
    while (fake.time - dies < 6000 || sent < 6) {
        await fake.advance(fake.duel.state.retryAt - fake.time);
        assert.equal(fake.last().path, `/api/duel/match/${MATCH}`);
        fake.last().accept();
        fake.last().ends(4421, node("dead"));
        await settle();
        assert.equal(fake.last().path, node("dead"), `sent there for the ${++sent}th time`);
        fake.last().ends(1006);
        await settle();
    }
    await fake.advance(fake.duel.state.retryAt - fake.time);
    fake.last().accept();
    fake.last().ends(4421, node("good"));
    await settle();
    assert.equal(fake.last().path, node("good"));
    fake.last().accept();
    fake.last().says(WELCOME);
    await settle();
    assert.equal(fake.duel.state.connection, "online");
    assert.ok(!fake.problems.includes("MOVED"), `${fake.problems}`);
    fake.duel.reset();
});

test("a node that it was sent to and that hangs is given up within the grace", async () => {
    const fake = createFake();
    await fake.play();
    fake.last().ends(4421, `/api/duel/n/b/match/${MATCH}`);
    await settle();
    const hanging = fake.last();
    hanging.accept();
    await fake.advance(4000);
    assert.equal(hanging.closedWith, 1000);
    await fake.advance(500);
    assert.equal(fake.last().path, `/api/duel/match/${MATCH}`);
    fake.duel.reset();
});

test("losses wait longer and longer, up to a bound; a restart is not waited for", async () => {
    const fake = createFake();
    await fake.play();
    fake.last().ends(1012, "restarting");
    await settle();
    assert.ok(fake.duel.state.retryAt - fake.time <= 1000);
    assert.equal(fake.duel.state.problem.code, "RESTARTING");
    const waits = [];
    for (let i = 0; i < 12; i++) {
        await fake.advance(fake.duel.state.retryAt - fake.time);
        fake.last().ends(1006);
        await settle();
        assert.equal(fake.duel.state.status, "playing");
        waits.push(fake.duel.state.retryAt - fake.time);
    }
    assert.ok(waits[1] > waits[0] && waits[3] > waits[1]);
    assert.ok(waits.every((ms) => ms <= 15_000) && waits[11] === 7_500, `${waits}`);
    await fake.advance(7_500);
    fake.last().accept();
    fake.last().says(WELCOME);
    await settle();
    assert.deepEqual([fake.duel.state.connection, fake.duel.state.problem], ["online", null]);
    await fake.advance(500); // not steady yet: accepted and cut in a loop is no reason to hurry
    fake.last().ends(1006);
    await settle();
    assert.equal(fake.duel.state.retryAt - fake.time, 7_500);
    fake.duel.reset();
});

test("`until` is respected; what lies far off is told instead of waited for", async () => {
    const fake = createFake();
    fake.duel.search();
    await settle();
    fake.last().accept();
    fake.last().says({ t: "error", code: "UNAVAILABLE", message: "", until: fake.time + 3000, seq: null });
    fake.last().ends(4503, "UNAVAILABLE");
    await settle();
    assert.ok(fake.duel.state.retryAt - fake.time >= 3000);
    assert.equal(fake.duel.state.problem.until, fake.time + 3000);
    await fake.advance(6000);
    fake.last().accept();
    const until = fake.time + 120_000;
    fake.last().says({ t: "error", code: "COOLDOWN", message: "", until });
    fake.last().ends(4429, "COOLDOWN");
    await settle();
    const { status, problem, connection } = fake.duel.state;
    assert.deepEqual([status, connection, problem.code, problem.until, problem.final],
        ["failed", "none", "COOLDOWN", until, true]);
    assert.equal(fake.timers.size, 0);
});

test("which closes are final", async () => {
    for (const [close, reason, code] of [[4400, "guess.seq: missing", "BAD_MESSAGE"], [4403, "",
        "NOT_YOUR_MATCH"],
        [4404, "", "NO_SUCH_MATCH"], [4409, "replaced", "REPLACED"], [4410, "match over", "MATCH_OVER"],
        [1003, "", "BAD_MESSAGE"], [1009, "", "BAD_MESSAGE"]]) {
        const fake = createFake();
        await fake.play();
        fake.last().ends(close, reason);
        await settle();
        assert.deepEqual([fake.duel.state.status, fake.duel.state.problem?.code], ["failed", code]);
        assert.equal(fake.timers.size, 0);
        assert.equal(fake.sockets.length, 1);
    }
    for (const close of [1000, 1001, 1005, 1006, 1008, 1011, 1012, 4408, 4429, 4503, 4999]) {
        const fake = createFake();
        await fake.play();
        fake.last().ends(close);
        await fake.advance(20_000);
        assert.equal(fake.sockets.length, 3, `${close}`); // the second gives up unanswered
        fake.duel.reset();
        assert.equal(fake.timers.size, 0);
    }
    // With the result known, `done` is believed, and so is silence once no rematch can come of it.
    for (const [close, wait] of [[1000, 0], [4410, 0], [1006, 31_000]]) {
        const fake = createFake();
        await fake.play();
        fake.last().says({ ...END, rematch_until: fake.time + 30_000 });
        fake.time += wait;
        fake.last().ends(close);
        await settle();
        assert.deepEqual([fake.duel.state.status, fake.duel.state.connection, fake.duel.state.problem],
            ["over", "none", null]);
        assert.equal(fake.timers.size, 0);
    }
});

test("a line that says nothing after a ping is dead", async () => {
    const fake = createFake();
    const socket = await fake.play();
    socket.says({ t: "pong", ts: 1, now: fake.time });
    for (let ts = 2; ts <= 6; ts++) {
        await fake.advance(ts <= 4 ? 0 : 3000);
        assert.equal(socket.sent.at(-1).ts, ts);
        socket.says({ t: "pong", ts, now: fake.time });
    }
    await fake.advance(3000);
    assert.equal(fake.duel.state.connection, "online");
    await fake.advance(4000);
    assert.equal(socket.closedWith, 1000);
    assert.equal(fake.duel.state.connection, "offline");
    await fake.advance(500);
    assert.equal(fake.sockets.length, 2);
    await fake.advance(10_500); // never opens
    assert.equal(fake.sockets.length, 3);
    fake.duel.reset();
});

test("the clock is that of the probe with the smallest round trip", async () => {
    const fake = createFake();
    const socket = await fake.play({ ...WELCOME, now: 5_000_000, phase: "countdown",
        phase_ends_at: 5_003_000 });
    assert.equal(fake.duel.state.match.phaseEndsAt, 1_003_000, "roughly, from the welcome");
    for (const [ts, rtt, lead] of [[1, 400, 0], [2, 20, 0], [3, 300, 70], [4, 500, 90]]) {
        fake.time += rtt;
        socket.says({ t: "pong", ts, now: fake.time + 4_000_000 - Math.round(rtt / 2) + lead });
        await settle();
    }
    assert.equal(fake.duel.state.match.phaseEndsAt, 1_003_000);
    // The machine's clock is set back by a minute.
    await fake.advance(4000);
    fake.time -= 60_000;
    socket.says({ t: "pong", ts: 5, now: fake.time + 4_060_000 });
    await settle();
    assert.equal(fake.duel.state.match.phaseEndsAt, 1_003_000 - 60_000);
    fake.duel.reset();
});

test("nothing that a server says throws, and a broken message changes nothing", async () => {
    const fake = createFake();
    const uncaught = [];
    const listen = (error) => uncaught.push(error);
    process.on("uncaughtException", listen);
    const socket = await fake.play({ ...WELCOME, phase: "round", phase_ends_at: 1_030_000,
        round: { round: 1, starts_at: 1_000_000, ends_at: 1_030_000, key: new Uint8Array(16),
            guesses: [] } });
    const before = JSON.stringify(fake.duel.state);
    const nonsense = [
        { t: "welcome" }, { t: "round", round: 99 }, { t: "verdict", round: 1, seq: "1" },
            { t: "constructor" },
        { t: "__proto__x" }, { t: "opponent", round: 1, status: "cheating", guesses: 1 },
        { t: "round_end", round: 1, winner: 7 }, { t: "match_end" }, { t: "player", slot: -1,
            connected: true },
        { t: "suggestions", seq: 1, items: [null] }, { t: "rematch", slot: 0, status: "accepted",
            match: "x" },
        { t: "countdown", ends_at: 1e300 }, { t: "pong", ts: 999, now: 1 }, { t: "toString" }, [], [[]],
            [null],
        { t: "frame", round: 1, url: "https://evil.test/x", type: "image/png" },
    ];
    for (const message of nonsense) {
        socket.raw(encode(message));
    }
    socket.raw(new Uint8Array([0xc1]));
    socket.onmessage({ data: "text" });
    socket.onmessage({ data: new ArrayBuffer(0) });
    await settle();
    assert.equal(JSON.stringify(fake.duel.state), before);
    socket.says({ t: "frame", round: 2, url: "//evil.test/frame/x", type: "image/png", size: 5 });
    socket.says({ t: "error", code: "whatever it is", message: "x", seq: null });
    socket.says({ ...WELCOME, match: MATCH.replace("6", "7") });
    await settle();
    assert.deepEqual(fake.problems, ["FRAME_BROKEN", "BAD_ANSWER", "BAD_ANSWER"]);
    assert.equal(fake.duel.state.status, "failed");
    await new Promise(setImmediate);
    process.off("uncaughtException", listen);
    assert.deepEqual(uncaught, []);
    assert.equal(fake.timers.size, 0);
});

test("ready is said once by each socket, and again for a frame that took another's place", async () => {
    const fake = createFake({ fetch: async () => new Response(new Uint8Array(64)) });
    const frame = { t: "frame", round: 1, url: "/api/duel/frame/one", type: "image/png", size: 64 };
    const said = (socket) => socket.sent.filter(({ t }) => t === "ready").map(({ round }) => round);
    const turn = () => new Promise(setImmediate);
    const loaded = async (socket, count) => {
        for (let i = 0; i < 1000 && said(socket).length < count; i++) {
            await turn();
        }
        assert.deepEqual(said(socket), Array(count).fill(1));
    };
    const socket = await fake.play();
    socket.says({ t: "countdown", ends_at: 1_003_000 }, frame);
    await loaded(socket, 1);
    socket.says(frame);
    socket.says({ ...frame, url: "/api/duel/frame/two" });
    await loaded(socket, 2);
    socket.ends(1006);
    await fake.advance(500);
    const again = fake.last();
    again.accept();
    again.says({ ...WELCOME, phase: "countdown", frame: { ...frame, url: "/api/duel/frame/two" } });
    await loaded(again, 1);
    again.ends(1006);
    await fake.advance(1000);
    fake.last().accept();
    fake.last().says({ ...WELCOME, phase: "round", phase_ends_at: 1_030_000, frame,
        round: { round: 1, starts_at: 1_000_000, ends_at: 1_030_000, key: new Uint8Array(16),
            guesses: [] } });
    await turn();
    assert.deepEqual(said(fake.last()), [], "not for a round that is being played");
    fake.duel.reset();
});

test("without a token nothing is opened", async () => {
    const fake = createFake({ token: () => Promise.reject(new Error("no line")) });
    fake.duel.search();
    await fake.advance(100);
    assert.equal(fake.duel.state.problem.code, "TOKEN_CALLBACK_FAILED");
    await fake.advance(10_000);
    assert.deepEqual([fake.sockets.length, fake.duel.state.status], [0, "failed"]);
});

test("a token callback that hangs is called again, and what it gives then is too late", async () => {
    const given = [];
    const fake = createFake({ token: () => new Promise((resolve) => given.push(resolve)) });
    fake.duel.search();
    await fake.advance(9999);
    assert.equal(fake.duel.state.connection, "connecting");
    await fake.advance(1);
    assert.deepEqual([fake.duel.state.connection, fake.duel.state.problem.code],
        ["offline", "TOKEN_CALLBACK_FAILED"]);
    await fake.advance(fake.duel.state.retryAt - fake.time);
    given[0]("too.la.te");
    await settle();
    assert.deepEqual([given.length, fake.sockets.length], [2, 0]);
    given[1]("in.ti.me");
    await settle();
    fake.last().accept();
    assert.equal(fake.last().sent[0].token, "in.ti.me");
    fake.duel.reset();
    assert.equal(fake.timers.size, 0);

    const asked = fake.duel.me();
    await settle();
    await Promise.all([assert.rejects(asked, { code: "TOKEN_CALLBACK_FAILED" }), fake.advance(10_000)]);
    const dropped = fake.duel.me();
    fake.duel.search();
    await settle();
    fake.duel.reset();
    assert.equal(fake.timers.size, 0, "also while it hangs");
    await assert.rejects(dropped, { code: "TOKEN_CALLBACK_FAILED" });
});

test("a listener may leave at any moment", async () => {
    for (const type of ["message", "state", "problem", "round"]) {
        const fake = createFake();
        const socket = await fake.play();
        fake.duel.on(type, () => fake.duel.reset());
        socket.says(WELCOME, { t: "countdown", ends_at: 1 },
            { t: "round", round: 1, starts_at: 1, ends_at: 2, key: new Uint8Array(16) });
        socket.ends(1006);
        await settle();
        fake.duel.reset();
        assert.deepEqual([fake.duel.state.status, fake.timers.size], ["idle", 0], type);
    }
});

test("a newer protocol asks for a reload", async () => {
    const fake = createFake();
    await fake.play({ ...WELCOME, v: 2 });
    assert.equal(fake.duel.state.problem.code, "CLIENT_OUTDATED");
});

test("a rematch that was accepted moves to its match, by ticket", async () => {
    const fake = createFake();
    const socket = await fake.play();
    socket.says({ ...END, rematch_until: fake.time + 30_000 });
    fake.duel.rematch(true);
    assert.deepEqual(socket.sent.at(-1), { t: "rematch", accept: true });
    const next = MATCH.replace("6", "7");
    socket.says({ t: "rematch", slot: 1, status: "offered" });
    await settle();
    assert.deepEqual(fake.duel.state.match.rematch, { slot: 1, status: "offered", offeredBy: 1 });
    const resume = "B".repeat(43);
    socket.says({ t: "rematch", slot: 0, status: "accepted", match: next, resume,
        path: `/api/duel/n/b/match/${next}` });
    await settle();
    assert.equal(fake.duel.state.status, "matched");
    assert.equal(fake.duel.state.found.opponent.name, "Bia");
    assert.equal(fake.last().path, `/api/duel/n/b/match/${next}`);
    assert.deepEqual(fake.last().protocols, ["framedle.duel.v1", `r.${resume}`]);
    fake.duel.reset();
});

test("cancel: the server may have found somebody at that very moment", async () => {
    const fake = createFake();
    const queue = async () => {
        fake.duel.search();
        await settle();
        fake.last().accept();
        fake.last().says({ t: "queued", since: 1, rating: 1000, window: 100, waiting: 1, eta_ms: null,
            expires_at: 9 });
        await settle();
        assert.equal(fake.duel.state.status, "searching");
        fake.duel.cancel();
        assert.deepEqual(fake.last().sent.at(-1), { t: "leave" });
    };
    await queue();
    fake.last().ends(1000, "left");
    await settle();
    assert.deepEqual([fake.duel.state.status, fake.duel.state.problem], ["idle", null]);
    await queue();
    fake.last().ends(1006);
    await settle();
    assert.equal(fake.duel.state.status, "idle", "and does not come back");
    await queue();
    await fake.advance(2000);
    assert.equal(fake.duel.state.status, "idle", "not waited for");
    await queue();
    fake.last().says(MATCHED);
    await settle();
    assert.equal(fake.duel.state.status, "matched");
    fake.duel.reset();
    fake.duel.search();
    fake.duel.cancel();
    await settle();
    assert.equal(fake.duel.state.status, "idle");
    assert.equal(fake.timers.size, 0);
});

test("speaks slower than the server's limit whatever a page asks for", async () => {
    const fake = createFake();
    const socket = await fake.play({ ...WELCOME, phase: "round", phase_ends_at: 1_030_000,
        round: { round: 1, starts_at: 1_000_000, ends_at: 1_030_000, key: new Uint8Array(16),
            guesses: [] } });
    socket.sent.length = 0;
    const guesses = Array.from({ length: 300 }, (_, i) => fake.duel.guess({ text: `guess ${i}` }));
    guesses.forEach((guess) => guess.catch(() => {}));
    const count = () => socket.sent.filter(({ t }) => t === "guess").length;
    assert.ok(count() <= 60);
    const before = count();
    socket.says({ t: "pong", ts: 1, now: fake.time }); // the line lives
    await fake.advance(2000);
    assert.ok(count() > before && count() - before <= 62, `${count() - before} in two seconds`);
    assert.deepEqual(socket.sent.filter(({ t }) => t === "guess").map(({ seq }) => seq).slice(0, 3), [1, 2,
        3]);
    fake.duel.reset();
});
