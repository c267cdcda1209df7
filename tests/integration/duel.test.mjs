// A whole duel as a stranger's client plays it, and what the stores hold of it afterwards
// (contract sections 3 to 7).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { meet, startRound } from "./lib/client.mjs";
import { World } from "./lib/world.mjs";

let world;
before(async () => {
    world = await World.start();
});
after(() => world?.stop());

/** Seat `slot` answers right at once; resolves to both seats' view of the round's end. */
async function winRound(seats, slot, number) {
    const starts = await Promise.all(seats.map((seat) => startRound(seat, number)));
    assert.deepEqual(starts[0].image, starts[1].image, "both see the same picture");
    assert.equal(starts[0].round.starts_at, starts[1].round.starts_at);
    const video = world.videoOf(starts[0].image);
    seats[slot].socket.send({ t: "guess", round: number, seq: 1, text: video.title });
    const verdict = await seats[slot].socket.take("verdict");
    assert.equal(verdict.correct, true);
    assert.equal(verdict.similarity, 1);
    const ends = await Promise.all(seats.map((seat) => seat.socket.take("round_end")));
    assert.deepEqual(ends[0], ends[1]);
    assert.equal(ends[0].winner, slot);
    assert.deepEqual(ends[0].answer, { video: video.id, title: video.title, channel: video.channel });
    return { verdict, end: ends[0], video };
}

test("a best of five: what both were told is what the stores hold", async () => {
    const ana = await world.player("ana000000001", { name: "Ana", rating: 1040 });
    const bia = await world.player("bia000000002", { name: "Bia", rating: 990 });
    const { match, seats } = await meet(ana, bia);
    const slotOfAna = seats[0].player === ana ? 0 : 1;
    const winner = slotOfAna;
    const loser = 1 - winner;

    for (const [slot, seat] of seats.entries()) {
        const { welcome, matched } = seat;
        assert.equal(welcome.v, 1);
        assert.equal(welcome.match, match);
        assert.equal(welcome.you, slot);
        assert.equal(welcome.rated, true);
        assert.equal(welcome.resume, matched.resume);
        assert.equal(welcome.players.length, 2);
        assert.equal(matched.opponent.name, slot === slotOfAna ? "Bia" : "Ana");
        assert.equal(matched.opponent.rating, slot === slotOfAna ? 990 : 1040);
        assert.equal(welcome.rules.best_of, 5);
        assert.equal(welcome.rules.max_guesses, 6);
    }

    const told = [];
    const ratings = [];
    for (const [index, slot] of [winner, loser, winner, winner].entries()) {
        told.push(await winRound(seats, slot, index + 1));
        ratings.push(slot);
    }
    const ends = await Promise.all(seats.map((seat) => seat.socket.take("match_end")));
    assert.equal(ends[winner].outcome, "win");
    assert.equal(ends[loser].outcome, "loss");
    for (const [slot, end] of ends.entries()) {
        assert.equal(end.reason, "score");
        assert.equal(end.score[winner], 3);
        assert.equal(end.score[loser], 1);
        assert.equal(end.points[winner], 3 * 200 + 150);
        assert.equal(end.points[loser], 200);
        end.rating ??= await seats[slot].socket.take("rating");
    }
    // Elo, K = 32: 1040 beats 990.
    const gain = Math.round(32 * (1 - 1 / (1 + 10 ** ((990 - 1040) / 400))));
    assert.deepEqual([ends[winner].rating.before, ends[winner].rating.after], [1040, 1040 + gain]);
    assert.deepEqual([ends[loser].rating.before, ends[loser].rating.after], [990, 990 - gain]);
    const lines = ends[winner].share.split("\n");
    assert.equal(lines[0], "⚔️ Framedle Duel");
    assert.equal(lines[1], "🏆 W 3-1 vs @Bia");
    assert.match(lines[2], /^⚡ Avg: \d+\.\ds$/);
    assert.equal(lines[3], "framedle.wtf");

    const row = await world.storedMatch(match);
    const { rows: users } = await world.db.query(
        "select u.id, u.display_name, r.* from users u join duel_ratings r on r.user_id = u.id");
    const idOf = (name) => users.find((user) => user.display_name === name).id;
    const nameOfSlot = (slot) => (slot === slotOfAna ? "Ana" : "Bia");
    assert.equal(row.player1_id, idOf(nameOfSlot(0)));
    assert.equal(row.player2_id, idOf(nameOfSlot(1)));
    assert.equal(row.player1_id, seats[0].welcome.players[0].id);
    assert.equal(row.winner_id, idOf("Ana"));
    assert.equal(row.status, "completed");
    assert.equal(row.reason, "score");
    assert.equal(row.best_of, 5);
    assert.deepEqual([row.score_p1, row.score_p2], ends[0].score);
    assert.deepEqual([row.points_p1, row.points_p2], ends[0].points);
    assert.deepEqual([row.rating_p1_before, row.rating_p1_after],
        [ends[0].rating.before, ends[0].rating.after]);
    assert.deepEqual([row.rating_p2_before, row.rating_p2_after],
        [ends[1].rating.before, ends[1].rating.after]);

    assert.equal(row.rounds.length, 4);
    const { rows: frames } = await world.db.query("select id, video_id from frames");
    for (const [index, round] of row.rounds.entries()) {
        const { verdict, end, video } = told[index];
        const slot = ratings[index];
        assert.equal(round.round, index + 1);
        assert.equal(round.video_id, video.id);
        assert.equal(round.title, video.title);
        assert.equal(frames.find((frame) => frame.id === round.frame_id).video_id, video.id);
        assert.equal(round.winner, slot);
        assert.deepEqual([round.p1_time, round.p2_time], end.ms);
        assert.equal([round.p1_time, round.p2_time][slot], verdict.ms);
        assert.equal([round.p1_guess, round.p2_guess][slot], video.title);
        assert.equal(round.suspect[slot], verdict.ms < 500);
        assert.equal(round.guesses.length, 1);
        const [guess] = round.guesses;
        assert.deepEqual([guess.slot, guess.seq, guess.text, guess.similarity, guess.ms, guess.raw_ms],
            [slot, 1, video.title, 1, verdict.ms, verdict.raw_ms]);
    }
    assert.equal(new Set(row.rounds.map((round) => round.video_id)).size, 4, "never a video twice");

    const rating = Object.fromEntries(users.map((user) => [user.display_name, user]));
    assert.deepEqual([rating.Ana.rating, rating.Ana.wins, rating.Ana.losses], [1040 + gain, 1, 0]);
    assert.deepEqual([rating.Bia.rating, rating.Bia.wins, rating.Bia.losses], [990 - gain, 0, 1]);

    const entries = await world.until(async () => {
        const all = await world.valkey.xrange("duel:events", "-", "+");
        return all.length > 0 && all;
    }, "an entry of duel:events");
    assert.equal(entries.length, 1);
    const fields = Object.fromEntries(entries[0][1].flatMap((value, place, all) =>
        place % 2 === 0 ? [[value, all[place + 1]]] : []));
    assert.equal(fields.type, "match_finished");
    assert.equal(fields.match, match);
    assert.equal(fields.p1, row.player1_id);
    assert.equal(fields.p2, row.player2_id);
    assert.equal(fields.winner, row.winner_id);
    assert.equal(fields.reason, "score");
    assert.equal(Number(await world.valkey.zscore("lb:duels:elo", idOf("Ana"))), 1040 + gain);
    assert.equal(Number(await world.valkey.zscore("lb:duels:elo", idOf("Bia"))), 990 - gain);

    const { rows: won } = await world.db.query("select user_id, achievement_id from user_achievements");
    const got = (name) => won.filter((one) => one.user_id === idOf(name)).map((one) => one.achievement_id);
    assert.ok(got("Ana").includes("first_blood") && got("Bia").includes("first_blood"));
    const sum = told.filter((_, index) => ratings[index] === winner)
        .reduce((total, { verdict }) => total + verdict.ms, 0);
    assert.equal(got("Ana").includes("speed_demon"), sum < 5000);
    for (const seat of seats) {
        await seat.socket.close();
    }
});

test("wrong guesses, similarity told in steps, lockout, the last guess, nobody's round", async () => {
    const { seats } = await meet(await world.player("caio00000003"), await world.player("davi00000004"));
    const [one, two] = seats;
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
    const video = world.videoOf(starts[0].image);
    const other = world.videos.find((candidate) => candidate.id !== video.id);
    for (let seq = 1; seq <= 6; seq++) {
        one.socket.send({ t: "guess", round: 1, seq, text: `nothing like it ${seq}` });
        const verdict = await one.socket.take("verdict");
        assert.equal(verdict.correct, false);
        assert.equal(verdict.guesses_left, 6 - seq);
        assert.ok([0, 0.5, 0.7, 0.8].includes(verdict.similarity));
        assert.ok(verdict.locked_until > 0);
        const seen = await two.socket.take("opponent");
        assert.deepEqual([seen.status, seen.guesses], ["guessing", seq]);
        // The lockout is 1 ms here; the server's clock says when it is over.
        await world.until(async () => {
            one.socket.send({ t: "ping", ts: seq });
            return (await one.socket.take("pong")).now >= verdict.locked_until;
        }, "the end of the lockout");
    }
    one.socket.send({ t: "guess", round: 1, seq: 7, text: "again" });
    assert.equal((await one.socket.take("error")).code, "NO_GUESSES_LEFT");
    two.socket.send({ t: "guess", round: 1, seq: 1, video: other.id });
    const wrong = await two.socket.take("verdict");
    assert.deepEqual([wrong.correct, wrong.similarity], [false, 0]);
    two.socket.send({ t: "guess", round: 1, seq: 1, video: video.id });
    assert.deepEqual(await two.socket.take("verdict"), wrong, "the same seq gets its first verdict again");
    await world.until(async () => {
        two.socket.send({ t: "ping", ts: 1 });
        return (await two.socket.take("pong")).now >= wrong.locked_until;
    }, "the end of the lockout");
    two.socket.send({ t: "guess", round: 1, seq: 2, video: video.id });
    assert.equal((await two.socket.take("verdict")).correct, true);
    const statuses = one.socket.arrived.filter((m) => m.t === "opponent").map((m) => m.status);
    const end = await one.socket.take("round_end");
    assert.equal(end.winner, 1);
    assert.ok(!statuses.includes("solved") || one.socket.arrived.at(-1).t === "round_end");
    await Promise.all(seats.map((seat) => startRound(seat, 2)));
    for (const seat of seats) {
        seat.socket.send({ t: "leave" });
    }
    const ends = await Promise.all(seats.map((seat) => seat.socket.take("match_end")));
    assert.deepEqual(ends.map((one_) => one_.reason), ["forfeit", "forfeit"]);
});

test("suggestions find what is meant without accents, and say nothing about the answer", async () => {
    const { seats } = await meet(await world.player("edu000000005"), await world.player("fabi00000006"));
    await Promise.all(seats.map((seat) => startRound(seat, 1)));
    const [one] = seats;
    one.socket.send({ t: "suggest", seq: 9, q: "cancao do v" });
    const found = await one.socket.take("suggestions");
    assert.equal(found.seq, 9);
    assert.deepEqual(found.items[0],
        { video: "aaaaaaaaa03", title: "Canção do Vento na Serra", channel: "Violas do Sul" });
    const http = await one.player.get("/search?q=cancao%20do%20v&limit=3");
    assert.equal(http.status, 200);
    assert.deepEqual(http.body.data[0], found.items[0]);
    assert.ok(http.body.data.length <= 3);
    for (let seq = 10; seq < 30; seq++) {
        one.socket.send({ t: "suggest", seq, q: "a" });
    }
    assert.equal((await one.socket.take("error")).code, "SLOW_DOWN");
    for (const seat of seats) {
        seat.socket.send({ t: "leave" });
        await seat.socket.take("match_end");
    }
});

test("a client comes back in mid-round with its ticket and finds everything as it was", async () => {
    const { seats } = await meet(await world.player("gabi00000007"), await world.player("hugo00000008"));
    const [one, two] = seats;
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
    const video = world.videoOf(starts[0].image);
    one.socket.send({ t: "guess", round: 1, seq: 1, text: "not this one" });
    const verdict = await one.socket.take("verdict");
    one.socket.cut();
    const gone = await two.socket.take("player", (message) => !message.connected);
    assert.equal(gone.slot, 0);
    assert.ok(gone.grace_until > 0);
    const back = await one.player.match({ path: one.matched.path, resume: one.welcome.resume });
    const welcome = await back.take("welcome");
    assert.equal(back.arrived[0].t, "welcome");
    assert.equal(welcome.phase, "round");
    assert.equal(welcome.round.round, 1);
    assert.equal(welcome.round.starts_at, starts[0].round.starts_at);
    assert.deepEqual(Buffer.from(welcome.round.key), Buffer.from(starts[0].round.key));
    assert.equal(welcome.frame.url, starts[0].frame.url);
    assert.equal(welcome.round.guesses.length, 1);
    assert.equal(welcome.round.guesses[0].seq, verdict.seq);
    assert.equal((await two.socket.take("player", (message) => message.connected)).slot, 0);
    back.send({ t: "guess", round: 1, seq: 1, text: video.title });
    assert.deepEqual(await back.take("verdict"), verdict, "sent again, it gets its first verdict again");
    back.send({ t: "guess", round: 1, seq: 2, text: video.title.toUpperCase() });
    assert.equal((await back.take("verdict")).correct, true);
    const end = await two.socket.take("round_end");
    assert.equal(end.winner, 0);

    const newer = await one.player.match({ path: one.matched.path, resume: one.welcome.resume });
    const again = await newer.take("welcome");
    assert.equal(again.rounds.length, 1);
    assert.deepEqual(again.rounds[0].answer, end.answer);
    assert.equal((await back.ends()).code, 4409);
    const me = await one.player.get("/me");
    assert.equal(me.body.data.match.match, one.matched.match);
    assert.equal(me.body.data.match.path, one.matched.path);

    const queue = await one.player.queue();
    const same = await queue.take("matched");
    assert.equal(same.match, one.matched.match, "who is in a live match gets that one");
    assert.equal((await queue.ends()).code, 1000);
    newer.send({ t: "leave" });
    assert.equal((await newer.take("match_end")).outcome, "loss");
    assert.equal((await two.socket.take("match_end")).outcome, "win");
});
