// What is only read: history, finished matches, the ranking (contract section 1), by those who may and those
// who may not, while new matches come, and with what Valkey keeps of the ranking lost, partial, stale or away.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { meet, startRound } from "./lib/client.mjs";
import { Stores } from "./lib/stores.mjs";
import { World } from "./lib/world.mjs";

const KEY = "lb:duels:elo";
let stores;
let world;
before(async () => {
    stores = await Stores.start();
    world = await World.start({ stores, env: { DUEL_BEST_OF: "1" } });
});
after(async () => {
    await world?.stop();
    await stores?.remove();
});

/** Asks again while it is too fast: what is asked here is more than a person would ask. */
async function read(player, path) {
    return world.until(async () => {
        const answer = await player.get(path);
        return answer.status === 429 ? null : answer;
    }, path);
}

async function data(player, path) {
    const { status, body } = await read(player, path);
    assert.equal(status, 200, `${path}: ${JSON.stringify(body.error)}`);
    assert.equal(body.error, null);
    assert.match(body.meta.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    return body.data;
}

/** [status, code] */
async function refusal(player, path, options) {
    const { status, body } = await player.get(path, options);
    assert.equal(body.data, null);
    return [status, body.error.code];
}

let number = 0;
async function somebody(name = `Reader ${++number}`, rating) {
    const sub = `reader${String(++number).padStart(6, "0")}`;
    const player = await world.player(sub, { name, rating });
    const { rows } = await world.db.query("select id from users where auth_provider_id = $1", [sub]);
    player.id = rows[0].id;
    return player;
}

async function storeMatch(p1, p2, { at, winner = p1, id = randomUUID(), reason = "score", rated = true } = {}) {
    await world.db.query(`insert into duel_matches (id, player1_id, player2_id, winner_id, score_p1, score_p2,
            status, reason, completed_at, rating_p1_before, rating_p1_after, rating_p2_before, rating_p2_after)
        values ($1, $2, $3, $4, 3, 1, $5, $6, $7, $8, $9, $10, $11)`,
        [id, p1.id, p2.id, winner?.id ?? null, reason === "abandoned" ? "abandoned" : "completed", reason, at,
            ...(rated ? [1000, 1016, 1000, 984] : [null, null, null, null])]);
    return id;
}

/** What the ranking must be: an opinion of its own, from the table. */
async function expectedRanking() {
    const { rows } = await world.db.query(`select r.*, u.display_name, u.deleted_at, u.country_code
        from duel_ratings r join users u on u.id = r.user_id`);
    rows.sort((a, b) => b.rating - a.rating || (a.user_id < b.user_id ? 1 : -1));
    return rows.map((row) => ({
        rank: rows.findIndex((one) => one.rating === row.rating) + 1, id: row.user_id,
        name: row.deleted_at ? null : row.display_name.replace(/\p{Cc}/gu, ""), avatar: null, country: row.country_code,
        rating: row.rating, wins: row.wins, losses: row.losses, draws: row.draws,
        deleted: row.deleted_at !== null,
    }));
}

async function inValkey() {
    const flat = await world.valkey.zrange(KEY, 0, -1, "WITHSCORES");
    return new Map(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]));
}

async function copyIsRight() {
    const { rows } = await world.db.query("select user_id, rating from duel_ratings");
    const there = await inValkey();
    return there.size === rows.length && rows.every((row) => there.get(row.user_id) === String(row.rating)) &&
        (await world.valkey.pexpiretime(KEY)) % 2 === 1; // whole: deploy/valkey/ranking.lua
}

const copied = () => world.until(copyIsRight, "a ranking in Valkey that is what is stored");

/** The server loses its connection to Valkey; then it goes through the whole ranking. */
async function reconnected() {
    const passes = await world.metric("duel_ranking_passes_total");
    await world.valkey.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await world.until(async () => (await world.metric("duel_ranking_passes_total")) > passes, "a pass");
    await copied();
}

/** Plays one rated match of one round that the first player wins. */
async function duel(winner, loser) {
    const { match, seats } = await meet(winner, loser);
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
    const own = seats.findIndex((seat) => seat.player === winner);
    seats[1 - own].socket.send({ t: "guess", round: 1, seq: 1, text: "something wrong" });
    await seats[1 - own].socket.take("verdict");
    seats[own].socket.send({ t: "guess", round: 1, seq: 1, text: world.videoOf(starts[own].image).title });
    const ends = await Promise.all(seats.map((seat) => seat.socket.take("match_end")));
    const video = world.videoOf(starts[own].image);
    for (const seat of seats) {
        seat.socket.cut();
    }
    await world.storedMatch(match);
    return { match, own, video, end: ends[own] };
}

test("a duel is in both histories, and is read by its players and by others", async () => {
    const [a, b, other] = [await somebody("Ana\u0007"), await somebody("Bia"), await somebody()];
    const played = await duel(a, b);
    assert.deepEqual((await data(a, "/leaderboard")).map((one) => [one.rank, one.name, one.wins, one.losses]),
        [[1, "Ana", 1, 0], [2, "Bia", 0, 1]]);
    await copied();
    const [won] = await data(a, "/history");
    assert.ok(Math.abs(won.completed_at - Date.now()) < 600_000);
    assert.deepEqual(won, {
        match: played.match,
        opponent: { id: b.id, name: "Bia", avatar: null, country: null, rating: 984, deleted: false },
        outcome: "win", reason: "score", score: [1, 0], rating: { before: 1000, after: 1016 }, rated: true,
        void: false,
        completed_at: won.completed_at,
    });
    const [lost] = await data(b, "/history");
    assert.deepEqual([lost.outcome, lost.score, lost.rating, lost.opponent.name],
        ["loss", [0, 1], { before: 1000, after: 984 }, "Ana"]);

    const full = await data(a, `/match/${played.match}`);
    const slots = played.own === 0 ? [a, b] : [b, a];
    assert.deepEqual([full.match, full.phase, full.rated, full.you, full.winner, full.reason, full.best_of],
        [played.match, "over", true, played.own, played.own, "score", 1]);
    assert.deepEqual(full.players.map((one) => [one.id, one.rating]), slots.map((one) => [one.id, 1000]));
    assert.equal(full.score[played.own], 1);
    assert.equal(full.points[played.own], played.end.points[played.own]);
    assert.deepEqual(full.rating[played.own], { before: 1000, after: 1016 });
    assert.equal(full.completed_at, won.completed_at);
    const [round] = full.rounds;
    assert.equal(full.rounds.length, 1);
    assert.deepEqual([round.round, round.winner, round.score], [1, played.own, full.score]);
    assert.deepEqual(round.answer,
        { video: played.video.id, title: played.video.title, channel: played.video.channel });
    assert.equal(round.ms[1 - played.own], null);
    const guesses = round.guesses.map(({ ms, raw_ms: raw, ...rest }) => {
        assert.ok(Number.isInteger(ms) && Number.isInteger(raw));
        return rest;
    });
    assert.deepEqual(guesses, [
        { slot: 1 - played.own, seq: 1, text: "something wrong", correct: false, similarity: 0 },
        { slot: played.own, seq: 1, text: played.video.title, correct: true, similarity: 1 },
    ]);
    assert.equal((await data(b, `/match/${played.match}`)).you, 1 - played.own);

    const seen = await data(other, `/match/${played.match}`);
    assert.equal(seen.you, null);
    assert.ok(seen.rounds.every((one) => !("guesses" in one)), "what was typed is for the two who played");
    assert.doesNotMatch(JSON.stringify([full, seen]), /frame|suspect|0\.\d{3}/);
});

test("history is read in pages while new matches come and many ended at once", async () => {
    const [me, friend, stranger] = [await somebody(), await somebody(), await somebody()];
    const ids = [];
    for (let i = 0; i < 45; i++) {
        const at = new Date(Date.UTC(2026, 0, 1, 0, 0, Math.floor(i / 9))).toISOString();
        ids.push({ at, id: await storeMatch(i % 2 ? me : friend, i % 2 ? friend : me,
            { at, winner: i % 3 ? me : null, reason: i % 5 ? "score" : "abandoned", rated: false }) });
    }
    await storeMatch(friend, stranger, { at: "2026-01-01T00:00:02Z" });
    ids.sort((a, b) => (a.at === b.at ? (a.id < b.id ? 1 : -1) : a.at < b.at ? 1 : -1));
    const seen = [];
    for (let before = ""; ;) {
        const page = await data(me, `/history?limit=7${before}`);
        seen.push(...page);
        if (page.length < 7) {
            break;
        }
        before = `&before=${page.at(-1).match}`;
        await storeMatch(me, friend, { at: new Date().toISOString() });
    }
    assert.deepEqual(seen.map((one) => one.match), ids.map((one) => one.id));
    assert.ok(seen.every((one) => one.rating === null && one.rated === false && one.opponent.id === friend.id));
    assert.ok(seen.every((one) => (one.outcome === "none") === (one.reason === "abandoned")));
    assert.deepEqual(new Set(seen.map((one) => one.outcome)), new Set(["win", "draw", "none"]));
    assert.equal((await data(me, "/history")).length, 20);
    assert.equal((await data(me, "/history?limit=100")).length, seen.length + 6);
    assert.equal((await data(me, "/history?limit=1")).length, 1);
    assert.deepEqual(await data(me, `/history?before=${seen.at(-1).match}`), []);
    assert.deepEqual(await data(await somebody(), "/history"), []);
    assert.deepEqual(await data(await world.player("neverhere001"), "/history"), [], "no row of users is needed");
});

test("a match that was being stored when it was deleted, or never ended, is in no list", async () => {
    const [a, b] = [await somebody(), await somebody()];
    const id = randomUUID();
    await world.db.query("insert into duel_matches (id, player1_id, player2_id) values ($1, $2, $3)", [id, a.id, b.id]);
    assert.deepEqual(await data(a, "/history"), []);
    assert.deepEqual(await refusal(a, `/match/${id}`), [404, "NO_SUCH_MATCH"]);
});

test("ids, cursors and bounds", async () => {
    const [me, a, b] = [await somebody(), await somebody(), await somebody()];
    const foreign = await storeMatch(a, b, { at: "2026-02-01T00:00:00Z" });
    const long = "a".repeat(800);
    for (const [path, expected] of [
        [`/history?before=${foreign}`, [400, "BAD_CURSOR"]],
        [`/history?before=${randomUUID()}`, [400, "BAD_CURSOR"]],
        ["/history?before=00000000-0000-0000-0000-000000000000", [400, "BAD_CURSOR"]],
        ["/history?before=", [400, "BAD_CURSOR"]],
        ["/history?before=1", [400, "BAD_CURSOR"]],
        [`/history?before=${foreign}0`, [400, "BAD_CURSOR"]],
        [`/history?before=${long}`, [400, "BAD_CURSOR"]],
        ["/history?before='%20or%201=1--", [400, "BAD_CURSOR"]],
        ["/history?limit=0", [400, "BAD_LIMIT"]],
        ["/history?limit=101", [400, "BAD_LIMIT"]],
        ["/history?limit=-1", [400, "BAD_LIMIT"]],
        ["/history?limit=1.5", [400, "BAD_LIMIT"]],
        ["/history?limit=", [400, "BAD_LIMIT"]],
        ["/history?limit=ten", [400, "BAD_LIMIT"]],
        ["/history?limit=99999999999999999999", [400, "BAD_LIMIT"]],
        ["/leaderboard?limit=0", [400, "BAD_LIMIT"]],
        ["/leaderboard?limit=101", [400, "BAD_LIMIT"]],
        [`/leaderboard?limit=${long}`, [400, "BAD_LIMIT"]],
        ["/leaderboard?offset=10001", [400, "BAD_OFFSET"]],
        ["/leaderboard?offset=-1", [400, "BAD_OFFSET"]],
        ["/leaderboard?offset=4294967296", [400, "BAD_OFFSET"]],
        ["/match/abc", [400, "BAD_ID"]],
        [`/match/${foreign}0`, [400, "BAD_ID"]],
        [`/match/${long}`, [400, "BAD_ID"]],
        [`/match/${randomUUID()}`, [404, "NO_SUCH_MATCH"]],
        ["/leaderboard/you", [404, "NOT_FOUND"]],
        ["/leaderboard/me/x", [404, "NOT_FOUND"]],
        ["/history/x", [404, "NOT_FOUND"]],
    ]) {
        const { status, body } = await read(me, path);
        assert.deepEqual([status, body.error?.code], expected, path);
    }
    assert.deepEqual(await data(me, "/leaderboard?offset=10000"), []);
    assert.equal((await data(me, `/match/${foreign.toUpperCase()}`)).match, foreign);
});

test("methods, tokens, CORS and caches as everywhere", async () => {
    const me = await somebody();
    const paths = ["/history", "/leaderboard", "/leaderboard/me", `/match/${randomUUID()}`];
    for (const path of paths) {
        const url = world.base + path;
        const bearer = { Authorization: `Bearer ${me.token}` };
        for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
            const answer = await fetch(url, { method, headers: bearer });
            assert.equal(answer.status, 405, `${method} ${path}`);
            assert.equal((await answer.json()).error.code, "METHOD_NOT_ALLOWED");
        }
        const bare = await fetch(url);
        const needsToken = path !== "/leaderboard";
        assert.equal(bare.status, needsToken ? 401 : 200, path);
        assert.equal(bare.headers.get("cache-control"), "no-store");
        assert.equal((await bare.json()).error?.code, needsToken ? "AUTH_REQUIRED" : undefined);
        const bad = await fetch(url, { headers: { Authorization: `Bearer ${me.token.slice(0, -3)}` } });
        assert.equal(bad.status, needsToken ? 401 : 200, path);
        await bad.arrayBuffer();
        const head = await fetch(url, { method: "HEAD", headers: bearer });
        assert.equal(head.status, path.startsWith("/match") ? 404 : 200, path);
        assert.ok(Number(head.headers.get("content-length")) > 10);
        assert.equal((await head.text()).length, 0);
        const preflight = await fetch(url, { method: "OPTIONS", headers: { Origin: "https://framedle.wtf",
            "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization" } });
        assert.equal(preflight.status, 204);
        assert.equal(preflight.headers.get("access-control-allow-origin"), "https://framedle.wtf");
        const origin = await fetch(url, { headers: { ...bearer, Origin: "tauri://localhost" } });
        assert.equal(origin.headers.get("access-control-allow-origin"), "tauri://localhost");
        await origin.arrayBuffer();
    }
});

test("who asks too often is told so, and nobody else is", async () => {
    const [me, other] = [await somebody(), await somebody()];
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) =>
        me.get(["/history", "/leaderboard/me"][i % 2])));
    const refused = answers.filter((one) => one.status === 429);
    assert.ok(refused.length >= 15 && refused.length <= 30, `${refused.length}`);
    for (const { body, headers } of refused) {
        assert.equal(body.error.code, "SLOW_DOWN");
        assert.equal(headers.get("retry-after"), "1");
    }
    assert.ok(answers.filter((one) => one.status === 200).length >= 10);
    assert.equal((await other.get("/history")).status, 200);
});

test("a thousand players, many equal: pages, ranks, and the places around one's own", async () => {
    await world.db.query(`with new as (
            insert into users (auth_provider_id, display_name, country_code)
            select 'crowd' || i, 'Player ' || i, case when i % 2 = 0 then 'BR' end
            from generate_series(1, 1000) i returning id, auth_provider_id)
        insert into duel_ratings (user_id, rating, wins, losses, draws)
        select id, 900 + (hashtext(auth_provider_id) & 63), 1, 2, 3 from new`);
    const me = await world.player("crowd500");
    await world.valkey.del(KEY);
    const expected = await expectedRanking();
    const all = async () => {
        const pages = [];
        for (let offset = 0; offset < expected.length; offset += 100) {
            pages.push(...await data(me, `/leaderboard?offset=${offset}`));
        }
        return pages;
    };
    assert.deepEqual(await all(), expected, "while the copy is missing");
    await copied();
    assert.deepEqual(await all(), expected, "with the copy");
    assert.deepEqual(await all(), expected, "and again");
    assert.deepEqual(await data(me, "/leaderboard?limit=7&offset=995"), expected.slice(995, 1002));
    assert.deepEqual(await data(me, "/leaderboard?limit=1"), expected.slice(0, 1));
    const subs = new Map((await world.db.query("select id, auth_provider_id as sub from users")).rows
        .map((row) => [row.id, row.sub]));
    for (const place of [0, 1, 4, 5, 6, 500, expected.length - 6, expected.length - 1]) {
        const own = expected[place];
        const asker = await world.player(subs.get(own.id));
        assert.deepEqual(await data(asker, "/leaderboard/me"), {
            rank: own.rank, total: expected.length, around: expected.slice(Math.max(0, place - 5), place + 6),
        }, `place ${place}`);
    }
    const unranked = { rank: null, total: expected.length, around: [] };
    assert.deepEqual(await data(await somebody(), "/leaderboard/me"), unranked);
    assert.deepEqual(await data(await world.player("neverhere002"), "/leaderboard/me"), unranked);
});

test("who was deleted is shown as such and tells nothing; a row that is gone is in no ranking", async () => {
    const [me, gone] = [await somebody("Me", 3000), await somebody("Gone", 3001)];
    const erased = await somebody("Erased", 3002);
    const match = await storeMatch(me, gone, { at: "2026-03-01T00:00:00Z" });
    await reconnected();
    await world.db.query("update users set deleted_at = now(), avatar_url = 'https://x/y.png' where id = $1", [gone.id]);
    await world.db.query("delete from users where id = $1", [erased.id]);
    const nobody = { id: gone.id, name: null, avatar: null, country: null, rating: 3001, deleted: true };
    const expected = await expectedRanking();
    const shown = await data(me, "/leaderboard?limit=3");
    assert.deepEqual(shown, expected.slice(0, 3));
    assert.deepEqual({ ...nobody, rank: 1, wins: 0, losses: 0, draws: 0 }, shown[0]);
    assert.deepEqual((await data(me, "/history"))[0].opponent, nobody);
    assert.deepEqual((await data(me, `/match/${match}`)).players[1], { ...nobody, rating: 1000 });
    for (const path of ["/history", "/leaderboard/me", `/match/${match}`]) {
        assert.deepEqual(await refusal(gone, path), [401, "AUTH_BAD_SUBJECT"], path);
    }
    await world.until(async () => !(await inValkey()).has(erased.id), "the erased player's leaving the copy");
});

test("a copy that vanished, or came to life again with two members, is made whole", async () => {
    const [a, b] = [await somebody("A", 5000), await somebody("B", 5000)];
    await reconnected();
    await world.valkey.flushall();
    await duel(a, b); // publishes two ratings into nothing
    assert.deepEqual(await data(a, "/leaderboard"), (await expectedRanking()).slice(0, 100));
    await copied();
    await world.valkey.del(KEY);
    const { rank, total } = await data(a, "/leaderboard/me");
    const expected = await expectedRanking();
    assert.deepEqual([rank, total], [1, expected.length]);
    await copied();
    await world.valkey.set(KEY, "somebody's mistake");
    assert.deepEqual(await data(a, "/leaderboard"), expected.slice(0, 100));
    await copied();
});

test("what differs in the copy is corrected: at once where somebody looks, all of it after a connection", async () => {
    await copied();
    const expected = await expectedRanking();
    const me = await somebody();
    await world.valkey.zadd(KEY, 1, expected[0].id, 9999, expected[50].id, 9998, randomUUID());
    assert.deepEqual(await data(me, "/leaderboard?limit=3"), expected.slice(0, 3));
    await world.until(async () => (await inValkey()).get(expected[50].id) === String(expected[50].rating),
        "a correction of what was seen");
    await world.valkey.zadd(KEY, 1.5, expected[7].id, "inf", expected[8].id, 3, randomUUID(), 4, "no player");
    await world.valkey.zrem(KEY, expected[9].id);
    await reconnected();
    assert.deepEqual(await data(me, "/leaderboard?limit=20"), expected.slice(0, 20));
});

test("who lacks in the copy is told the right rank and put there", async () => {
    const lacking = await somebody("Lacking", 4000);
    const expected = await expectedRanking();
    const place = expected.findIndex((one) => one.id === lacking.id);
    const own = await data(lacking, "/leaderboard/me");
    assert.deepEqual([own.rank, own.around.length], [expected[place].rank, place < 5 ? place + 6 : 11]);
    await world.until(async () => (await inValkey()).has(lacking.id), "the player in the copy");
});

test("Valkey is away: the same answers; it comes back with an older copy: it is corrected", async () => {
    const [me, a, b] = [await somebody("Me", 1100), await somebody("A", 6000), await somebody("B", 6000)];
    await reconnected();
    const paths = ["/leaderboard", "/leaderboard?limit=9&offset=777", "/leaderboard/me"];
    const answers = async () => Promise.all(paths.map((path) => data(me, path)));
    const inOrder = await answers();
    await world.valkey.save();
    await stores.killValkey();
    await world.until(async () => (await world.metric("duel_valkey_up")) === 0, "the loss");
    assert.deepEqual(await answers(), inOrder);
    // What the copy does not know: it is the one of before when it comes back.
    await world.db.query("update duel_ratings set rating = 6100 where user_id = $1", [b.id]);
    await world.db.query("delete from duel_ratings where user_id = $1", [a.id]);
    await stores.start();
    await world.ready();
    assert.equal((await data(me, "/leaderboard?limit=1"))[0].id, b.id);
    await copied();
    assert.deepEqual(await data(me, "/leaderboard"), (await expectedRanking()).slice(0, 100));
});

test("PostgreSQL is away: 503, and all is as before when it is back", async () => {
    const me = await somebody("Me", 1200);
    const paths = ["/leaderboard?limit=5", "/leaderboard/me", "/history"];
    const first = await Promise.all(paths.map((path) => data(me, path)));
    await stores.stopPostgres();
    await world.until(async () => (await world.metric("duel_postgresql_up")) === 0, "the loss");
    for (const path of paths) {
        const { status, body, headers } = await read(me, path);
        assert.deepEqual([status, body.error?.code], [503, "UNAVAILABLE"], path);
        assert.ok(Number(headers.get("retry-after")) > 0);
    }
    await stores.start();
    await world.ready();
    assert.deepEqual(await Promise.all(paths.map((path) => data(me, path))), first);
});
