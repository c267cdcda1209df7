// Two clients and the real server: a whole duel, lost lines, refused tokens, and what ends it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";
import { within } from "../../../tests/integration/lib/client.mjs";
import { World } from "../../../tests/integration/lib/world.mjs";
import { TEXTS } from "../index.js";
import { client, createStorage, meet, see, startWire, when } from "./lib.mjs";

let world;
const duels = [];
before(async () => {
    world = await World.start();
});
after(() => world?.stop());
afterEach(() => {
    for (const duel of duels.splice(0)) {
        for (const { code } of duel.problems) {
            assert.ok(TEXTS[code], `${code} has a text`);
        }
        duel.leave();
        duel.reset();
        assert.equal(duel.state.status, "idle");
    }
});
const player = (sub, options) => client(duels, world, sub, options);

/** The one who has seat `slot`. */
const at = (slot, ...both) => both.find((duel) => duel.state.match.you === slot);

test("a whole duel: both states tell what the stores hold", async () => {
    await world.player("jsana0000001", { name: "Ana", rating: 1040 });
    await world.player("jsbia0000002", { name: "Bia", rating: 990 });
    const ana = player("jsana0000001");
    const bia = player("jsbia0000002");
    const found = new Promise((done) => ana.on("matched", done));
    assert.equal(ana.state.status, "idle");
    await meet(ana, bia);
    assert.deepEqual(ana.state.found.opponent, { name: "Bia", avatar: null, country: null, rating: 990 });
    assert.equal((await found).match, ana.state.match.id);
    assert.deepEqual(ana.state.match.players.map((one) => one.name).sort(), ["Ana", "Bia"]);
    const me = ana.state.match.you;

    for (const [index, winner] of [ana, bia, ana, ana].entries()) {
        const number = index + 1;
        const pictures = await Promise.all([see(ana, number), see(bia, number)]);
        assert.deepEqual(pictures[0], pictures[1]);
        const { title, id } = world.videoOf(pictures[0]);
        const [suggestion] = await winner.suggest(title.slice(0, 12));
        assert.equal(suggestion.title, title);
        const verdict = await winner.guess(number % 2 ? { video: suggestion.video } : { text: title });
        assert.deepEqual([verdict.round, verdict.seq, verdict.correct, verdict.similarity], [number, 1,
            true, 1]);
        const over = await when(bia, ({ match }) => match.rounds.length === number, "the round's end");
        assert.equal(over.match.rounds[index].answer.video, id);
        assert.equal(over.match.rounds[index].winner, winner === ana ? me : 1 - me);
    }

    const ends = await Promise.all([ana, bia].map((duel) =>
        when(duel, ({ match }) => match.end?.rating, "the rating")));
    assert.deepEqual(ends.map(({ status }) => status), ["over", "over"]);
    assert.deepEqual(ends.map(({ match }) => match.end.outcome), ["win", "loss"]);
    const row = await world.storedMatch(ana.state.match.id);
    assert.deepEqual([row.score_p1, row.score_p2], ends[0].match.score);
    assert.deepEqual([row.points_p1, row.points_p2], ends[1].match.end.points);
    assert.deepEqual([row.rating_p1_before, row.rating_p1_after],
        Object.values(at(0, ana, bia).state.match.end.rating));
    assert.equal(row.rounds.length, 4);
    assert.match(ends[0].match.end.share, /^⚔️ Framedle Duel\n🏆 W 3-1 vs @Bia\n/);
    assert.deepEqual(ana.problems, []);
    const after_ = await ana.me();
    assert.equal(after_.rating, ends[0].match.end.rating.after);
    assert.equal(after_.wins, 1);
    assert.deepEqual((await bia.searchTitles("cancao do v", 2))[0].video, "aaaaaaaaa03");
});

test("states are frozen, new when something changed, and times are local", async () => {
    const now = () => Date.now() - 3_600_000;
    const ana = player("jsfroz000001", { now });
    const bia = player("jsfroz000002");
    const states = [];
    ana.on("state", (state) => states.push(state));
    await meet(ana, bia);
    await see(ana, 1);
    assert.equal(new Set(states).size, states.length);
    for (const part of [ana.state, ana.state.match, ana.state.match.players, ana.state.match.round.guesses]) {
        assert.ok(Object.isFrozen(part));
    }
    await world.until(() => ana.told.some(({ t }) => t === "pong"), "a pong");
    const left = ana.state.match.round.endsAt - now();
    assert.ok(Math.abs(left) < 60_000, `the round ends in ${left} ms by a clock that is an hour slow`);
});

test("the line is cut in mid-round: the guess is asked for again with its seq and counts once", async () => {
    const wire = await startWire(world.port);
    const ana = player("jscut0000001", { server: `http://127.0.0.1:${wire.port}` });
    const bia = player("jscut0000002");
    await meet(ana, bia);
    const { title } = world.videoOf(await see(ana, 1));
    await see(bia, 1);
    await ana.guess({ text: "nothing like it" });
    await world.until(() => Date.now() > ana.state.match.round.lockedUntil, "the end of the lockout");

    // It arrives, and nobody here hears of it.
    wire.deafen();
    const seen = when(bia, ({ match }) => match.round.opponent.guesses === 2, "the second guess");
    const verdict = ana.guess({ text: "another miss" });
    await seen;
    wire.lose();
    const lost = await when(ana, ({ connection }) => connection === "offline", "offline");
    assert.equal(lost.status, "playing", "what is known stays on the screen");
    assert.equal(lost.match.round.guesses.length, 2);
    assert.ok(lost.retryAt !== null && lost.problem !== null);
    // This one did not even leave.
    await world.until(() => Date.now() > ana.state.match.round.startsAt + 50, "a lockout's length");
    const third = ana.guess({ text: title });
    wire.mend();
    assert.deepEqual([(await verdict).seq, (await verdict).correct], [2, false]);
    assert.deepEqual([(await third).seq, (await third).correct], [3, true]);
    assert.equal(ana.state.match.round.picture.bytes.length > 0, true);
    assert.equal(ana.state.problem, null);
    const over = await when(ana, ({ match }) => match.rounds.length === 1, "the round's end");
    assert.deepEqual(over.match.round.guesses.map(({ seq }) => seq), [1, 2, 3]);
    await see(ana, 2); // ready was said by the new socket
    ana.leave();
    const row = await world.storedMatch(ana.state.match.id);
    const mine = row.rounds[0].guesses.filter(({ slot }) => slot === ana.state.match.you);
    assert.deepEqual(mine.map(({ seq }) => seq), [1, 2, 3]);
    ana.reset();
    await wire.stop();
});

test("a reload in mid-round shows the picture and what was guessed", async () => {
    const storage = createStorage();
    const ana = player("jsrel0000001", { storage });
    const bia = player("jsrel0000002");
    await meet(ana, bia);
    const picture = await see(ana, 1);
    await ana.guess({ text: "not this one" });
    const kept = storage.getItem("framedle.duel.match");
    const before_ = ana.state;

    // The old page is gone with its socket; the storage is not.
    ana.reset();
    storage.setItem("framedle.duel.match", kept);
    let tokens = 0;
    const again = player("jsrel0000001", { storage, token: () => {
        tokens++;
        return world.token("jsrel0000001");
    } });
    assert.equal(await again.resume(), true);
    assert.equal(tokens, 0, "the ticket is enough");
    assert.deepEqual(await see(again, 1), picture);
    assert.deepEqual(again.state.match.round.guesses.map(({ seq, verdict }) => [seq, verdict.correct]), [[1,
        false]]);
    assert.equal(again.state.match.round.guessesLeft, before_.match.round.guessesLeft);
    const title = world.videoOf(picture).title;
    await world.until(() => Date.now() > again.state.match.round.lockedUntil, "the end of the lockout");
    assert.deepEqual([(await again.guess({ text: title })).seq, again.state.match.round.solved], [2, true]);

    // Without a storage the server is asked.
    const elsewhere = player("jsrel0000001");
    assert.equal(await elsewhere.resume(), true);
    const replaced = await when(again, ({ status }) => status === "failed", "4409");
    assert.deepEqual([replaced.problem.code, replaced.problem.close, replaced.problem.final],
        ["REPLACED", 4409, true]);
    assert.equal(replaced.connection, "none");
    assert.equal(await again.resume(), true, "here after all");
    assert.equal((await when(elsewhere, ({ status }) => status === "failed", "4409")).problem.code,
        "REPLACED");
    assert.equal(await player("jsrel0000009").resume(), false, "no match to go back to");
});

test("a refused ticket falls back to the token", async () => {
    const storage = createStorage();
    const ana = player("jstic0000001", { storage });
    await meet(ana, player("jstic0000002"));
    const { match } = JSON.parse(storage.getItem("framedle.duel.match"));
    ana.reset();
    storage.setItem("framedle.duel.match", JSON.stringify({ match, resume: "A".repeat(43) }));
    const again = player("jstic0000001", { storage });
    assert.equal(await again.resume(), true);
    assert.equal(again.state.match.id, match);
});

test("a refused token is asked for anew once; then it is a problem", async () => {
    const asked = [];
    const good = player("jstok0000001", { token: ({ refresh }) => {
        asked.push(refresh);
        return refresh ? world.token("jstok0000001") : world.token("jstok0000001", { scope: "" },
            { kid: "other" });
    } });
    good.search();
    await when(good, ({ queue }) => queue !== null, "queued");
    assert.deepEqual(asked, [false, true]);
    good.cancel();
    assert.equal((await when(good, ({ status }) => status === "idle", "idle")).problem, null);

    for (const [token, code] of [["opaque", "AUTH_OPAQUE_TOKEN"], ["", "AUTH_REQUIRED"],
        ["x".repeat(3501), "AUTH_TOKEN_TOO_LONG"]]) {
        const bad = player("jstok0000002", { token: () => token });
        bad.search();
        const { problem, connection } = await when(bad, ({ status }) => status === "failed", code);
        assert.deepEqual([problem.code, problem.final, connection], [code, true, "none"]);
    }
    const broken = player("jstok0000003", { random: () => 0, token: () => {
        throw new Error("signed out");
    } });
    broken.search();
    const { problem } = await when(broken, ({ status }) => status === "failed", "failed");
    assert.deepEqual([problem.code, problem.message], ["TOKEN_CALLBACK_FAILED", "signed out"]);
    await assert.rejects(player("jstok0000004", { token: () => "a.b" }).me(), { code: "AUTH_OPAQUE_TOKEN" });
});

test("matches that are not there, or not one's own", async () => {
    const ana = player("jsgon0000001");
    ana.open("11111111-1111-4111-8111-111111111111");
    assert.equal((await when(ana, ({ status }) => status === "failed", "4404")).problem.code,
        "NO_SUCH_MATCH");
    await meet(ana, player("jsgon0000002"));
    const third = player("jsgon0000003");
    third.open(ana.state.match.id);
    assert.equal((await when(third, ({ status }) => status === "failed", "4403")).problem.code,
        "NOT_YOUR_MATCH");
    assert.throws(() => third.open("x"), TypeError);
    await assert.rejects(third.guess({ text: "a" }), { code: "NOT_IN_ROUND" });
});

test("guesses that cannot be sent, and more typing than the server allows", async () => {
    const ana = player("jstyp0000001");
    await meet(ana, player("jstyp0000002"));
    await see(ana, 1);
    for (const [answer, code] of [[{}, "BAD_GUESS"], [{ text: "a", video: "b" }, "BAD_GUESS"],
        [{ text: "  " }, "GUESS_EMPTY"], [{ text: "é".repeat(101) }, "GUESS_TOO_LONG"]]) {
        await assert.rejects(ana.guess(answer), { code });
    }
    const asked = Array.from({ length: 80 }, (_, i) => ana.suggest("cancao do vento".slice(0, 3 + (i % 12))));
    asked.push(ana.suggest("half a pair \ud83d"));
    const last = ana.suggest("xadrez");
    assert.ok((await Promise.all(asked)).every((items) => items === null));
    assert.equal((await last)[0].title, "Aprenda Xadrez em Dez Minutos");
    for (let i = 0; i < 12; i++) { // one behind the other, as fast as answers come
        assert.ok(Array.isArray(await ana.suggest(`volcano ${"drone".slice(0, i % 5)}`)));
    }
    const surrogate = await ana.guess({ text: "half a pair \udc00" });
    assert.equal(surrogate.correct, false);
    assert.deepEqual(ana.told.filter(({ t }) => t === "error"), [], "the server never had to say stop");
    assert.deepEqual(ana.problems, []);
});

test("leaving forfeits", async () => {
    const ana = player("jslea0000001");
    const bia = player("jslea0000002");
    await meet(ana, bia);
    await see(ana, 1);
    bia.leave();
    const end = await when(ana, ({ status }) => status === "over", "over");
    assert.deepEqual([end.match.end.outcome, end.match.end.reason], ["win", "forfeit"]);
});

test("the README's example plays a duel", async () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const [, code] = /```js\n([\s\S]*?)```/.exec(readme);
    assert.ok(code.trim().split("\n").length <= 24, "about twenty lines");
    const body = code.replace(/^import .*$/gm, "");
    const AsyncFunction = (async () => {}).constructor;
    const { createDuel, tell } = await import("../index.js");
    const { WebSocket } = await import("ws");
    const lines = [];
    const play = (sub) => new AsyncFunction("createDuel", "tell", "WebSocket", "server", "getAccessToken",
        "lookAt", "console", body)(createDuel, tell, WebSocket, `http://127.0.0.1:${world.port}`,
        () => world.token(sub), ({ bytes }) => world.videoOf(Buffer.from(bytes)).title,
        { log: (line) => lines.push(line) });
    await within(Promise.all([play("jsreadme0001"), play("jsreadme0002")]), "the example", 60_000);
    assert.equal(lines.filter((line) => line.startsWith("⚔️ Framedle Duel\n")).length, 2, lines.join("\n"));
    assert.ok(lines.filter((line) => /^\d: /.test(line)).length >= 6, lines.join("\n"));
});
