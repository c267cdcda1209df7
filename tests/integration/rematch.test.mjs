// Rematches (R-97 … R-99 in docs/rules.md) and waiting after matches that were left early (R-90 … R-92), over
// real sockets.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { meet, pair } from "./lib/client.mjs";
import { checkBooks, comeAlone, comeBack, takeEnds, winRound } from "./lib/play.mjs";
import { World } from "./lib/world.mjs";

const SETTINGS = {
    DUEL_BEST_OF: "1", DUEL_LEASE_MS: "500", DUEL_QUEUE_TIMEOUT_MS: "20000", DUEL_WAITING_MS: "20000",
    DUEL_GRACE_MS: "20000", DUEL_ROUND_MS: "20000", DUEL_READY_WAIT_MS: "10000", DUEL_REMATCH_MS: "20000",
    DUEL_SETTLE_WAIT_MS: "5000", DUEL_SAVE_WAIT_MS: "5000",
};
const COOLDOWN_MS = 120_000;
let world;
let people = 0;
const open = [];

before(async () => {
    world = await World.start({ env: SETTINGS });
});
after(() => world?.stop());
afterEach(async () => {
    for (const socket of open.splice(0)) {
        socket.cut();
    }
    await world.until(async () => (await world.valkey.zcard("duel:queue")) === 0, "an empty queue");
});

function newPlayer() {
    people++;
    return world.player(`again${String(people).padStart(7, "0")}`, { name: `P${people}` });
}

function keep(seats) {
    open.push(...seats.map((seat) => seat.socket));
    return seats;
}

/** Seat `winner` wins the only round; both have been told the end. */
async function play(seats, match, winner = 0) {
    const { end } = await winRound(world, seats, winner, 1);
    const ends = await takeEnds(seats);
    await world.storedMatch(match);
    return { ends, rounds: [end] };
}

/** Two who have just played a match; which is over. */
async function played(winner = 0) {
    const { match, seats } = await meet(await newPlayer(), await newPlayer());
    keep(seats);
    const { ends, rounds } = await play(seats, match, winner);
    return { match, seats, ends, rounds };
}

function say(seat, accept) {
    seat.socket.send({ t: "rematch", accept });
}

/** Both are told the same of an offer. */
async function bothTold(seats, expected) {
    const told = await Promise.all(seats.map((seat) => seat.socket.take("rematch")));
    for (const message of told) {
        assert.deepEqual({ slot: message.slot, status: message.status }, expected);
    }
    return told;
}

async function refused(seat, code) {
    const error = await seat.socket.take("error");
    assert.equal(error.code, code);
    return error;
}

/** Both go where `accepted` says; resolves to the seats of the next match. */
async function goOn(seats, accepted) {
    assert.equal(accepted[0].match, accepted[1].match);
    assert.notEqual(accepted[0].resume, accepted[1].resume);
    const next = [];
    for (const [index, { player }] of seats.entries()) {
        assert.match(accepted[index].resume, /^[A-Za-z0-9_-]{43}$/);
        assert.ok(accepted[index].path.endsWith(`/match/${accepted[index].match}`));
        const socket = await player.match(accepted[index]);
        const welcome = await socket.take("welcome");
        next[welcome.you] = { player, socket, matched: accepted[index], welcome };
    }
    return { match: accepted[0].match, seats: keep(next) };
}

async function agree(seats, first = 0) {
    say(seats[first], true);
    await bothTold(seats, { slot: first, status: "offered" });
    say(seats[1 - first], true);
    return goOn(seats, await bothTold(seats, { slot: 1 - first, status: "accepted" }));
}

const ping = async (socket) => {
    socket.send({ t: "ping", ts: 1 });
    await socket.take("pong");
};

test("three matches in a row, each from the other's path, and the series is told", async () => {
    const first = await played(0);
    const [ana, bia] = first.seats.map((seat) => seat.player);
    const series = (seats) => [ana, bia].map((player) => {
        const { welcome } = seats.find((seat) => seat.player === player);
        assert.equal(welcome.rated, true);
        return welcome.series[welcome.you];
    });
    const ratings = first.ends.map((end) => end.rating.after);
    let { match, seats } = await agree(first.seats);
    assert.deepEqual(series(seats), [1, 0]);
    const seen = Object.fromEntries(seats[0].welcome.players.map((one) => [one.name, one.rating]));
    assert.deepEqual(Object.values(seen).sort(), [...ratings].sort(), "the ratings of now");
    const winner = seats.findIndex((seat) => seat.player === bia);
    await play(seats, match, winner);
    ({ match, seats } = await agree(seats, 1));
    assert.deepEqual(series(seats), [1, 1]);
    await play(seats, match, seats.findIndex((seat) => seat.player === ana));
    ({ seats } = await agree(seats));
    assert.deepEqual(series(seats), [2, 1]);
    const { rows } = await world.db.query("select * from duel_matches where id = $1", [match]);
    assert.notEqual(rows[0].rating_p1_after, rows[0].rating_p1_before, "rated like the one before");
    for (const seat of seats) {
        const { body } = await seat.player.get("/me");
        assert.equal(body.data.match.match, seats[0].matched.match);
    }
});

test("an offer is declined, for good; the other may still ask", async () => {
    const { seats } = await played();
    say(seats[0], true);
    await bothTold(seats, { slot: 0, status: "offered" });
    say(seats[1], false);
    await bothTold(seats, { slot: 1, status: "declined" });
    say(seats[0], true);
    await refused(seats[0], "REMATCH_DECLINED");
    const { match } = await agree(seats, 1);
    assert.ok(match);
});

test("an offer is taken back, and can be made again", async () => {
    const { seats } = await played();
    say(seats[1], true);
    await bothTold(seats, { slot: 1, status: "offered" });
    say(seats[1], false);
    await bothTold(seats, { slot: 1, status: "declined" });
    say(seats[0], true);
    await bothTold(seats, { slot: 0, status: "offered" });
});

test("joining the queue takes an offer back, and who waits there is not free", async () => {
    const { seats } = await played();
    say(seats[0], true);
    await bothTold(seats, { slot: 0, status: "offered" });
    const queue = await seats[0].player.queue();
    open.push(queue);
    await queue.take("queued");
    await bothTold(seats, { slot: 0, status: "declined" });
    say(seats[1], true);
    await bothTold(seats, { slot: 1, status: "offered" });
    say(seats[0], true);
    await bothTold(seats, { slot: 0, status: "declined" });
    queue.send({ t: "leave" });
    await queue.ends();
});

test("who comes back is told of the offer, and agrees", async () => {
    const { seats } = await played();
    say(seats[0], true);
    await bothTold(seats, { slot: 0, status: "offered" });
    seats[1].socket.cut();
    const back = await comeAlone(seats[1]);
    keep([back]);
    assert.equal(back.welcome.phase, "over");
    await back.socket.take("match_end");
    const offer = await back.socket.take("rematch");
    assert.deepEqual([offer.slot, offer.status], [0, "offered"]);
    say(back, true);
    const both = [seats[0], back];
    const next = await goOn(both, await bothTold(both, { slot: 1, status: "accepted" }));
    const again = await comeAlone(back); /* to the old one: it says where the next is */
    keep([again]);
    const told = await again.socket.take("rematch");
    assert.deepEqual([told.status, told.match], ["accepted", next.match]);
});

test("nobody is put into a match while away", async () => {
    const { seats } = await played();
    say(seats[0], true);
    await bothTold(seats, { slot: 0, status: "offered" });
    seats[0].socket.cut();
    await seats[1].socket.take("player", (message) => !message.connected);
    say(seats[1], true);
    assert.equal((await seats[1].socket.take("rematch")).status, "offered");
    const back = await comeAlone(seats[0]);
    await goOn([back, seats[1]], await Promise.all([back, seats[1]].map((seat) =>
        seat.socket.take("rematch", (message) => message.status === "accepted"))));
});

test("kill -9 between offer and agreement: the offer is gone, and can be made again", async () => {
    const first = await played();
    say(first.seats[0], true);
    await bothTold(first.seats, { slot: 0, status: "offered" });
    await world.restart();
    const seats = keep(await comeBack(first.seats));
    for (const seat of seats) {
        assert.equal(seat.welcome.phase, "over");
        await seat.socket.take("match_end");
        await ping(seat.socket);
        assert.equal(seat.socket.count("rematch"), 0);
    }
    const next = await agree(seats);
    const { ends, rounds } = await play(next.seats, next.match, 0);
    const row = await world.storedMatch(next.match);
    assert.equal(row.rounds.length, rounds.length);
    assert.equal(ends[0].outcome, "win");
});

test("kill -9 in a rematch: what it is played for lasts", async () => {
    const { match, seats } = await agree((await played(0)).seats);
    await world.restart();
    const back = keep(await comeBack(seats));
    for (const slot of [0, 1]) {
        assert.deepEqual(back[slot].welcome.series, seats[slot].welcome.series);
        assert.equal(back[slot].welcome.rated, true);
    }
    await play(back, match, 1);
});

test("not before the end, and not after a match that came to nothing", async () => {
    const { seats } = await meet(await newPlayer(), await newPlayer());
    keep(seats);
    say(seats[0], true);
    await refused(seats[0], "NOT_OVER");
    seats[1].socket.send({ t: "leave" });
    await takeEnds(seats, { rated: false });
    say(seats[0], true);
    await refused(seats[0], "REMATCH_UNAVAILABLE");
});

test("a malformed rematch closes, naming the field", async () => {
    for (const message of [{ t: "rematch" }, { t: "rematch", accept: 1 }, { t: "rematch", accept: "yes" }]) {
        const { seats } = await played();
        seats[0].socket.send(message);
        const { code, reason } = await seats[0].socket.ends();
        assert.equal(code, 4400);
        assert.match(reason, /accept/);
    }
});

/** `player` cancels a match against a new opponent. */
async function leaveEarly(player, how = (seats) => seats) {
    const found = await meet(player, await newPlayer());
    const seats = keep(await how(found.seats));
    const own = seats.find((seat) => seat.player === player);
    own.socket.send({ t: "leave" });
    assert.equal((await own.socket.take("match_end")).reason, "abandoned");
    return seats;
}

test("who left three rated matches early waits", async () => {
    const player = await newPlayer();
    const stayed = [];
    for (let times = 0; times < 3; times++) {
        const seats = await leaveEarly(player);
        stayed.push(seats.find((seat) => seat.player !== player).player);
    }
    for (let times = 0; times < 2; times++) {
        const before = Date.now();
        const queue = await player.queue();
        const error = await queue.take("error");
        assert.equal(error.code, "COOLDOWN");
        assert.ok(error.until > before && error.until <= Date.now() + COOLDOWN_MS, String(error.until));
        assert.equal((await queue.ends()).code, 4429);
        assert.equal(queue.count("queued"), 0);
    }
    assert.equal((await player.get("/me")).body.data.queue.status, "idle");
    await pair(...stayed.slice(0, 2)); // who stayed plays on at once
    const key = `duel:left:${(await player.get("/me")).body.data.id}`;
    for (const member of await world.valkey.zrange(key, 0, -1)) {
        await world.valkey.zincrby(key, -COOLDOWN_MS, member); // two minutes later
    }
    await pair(player, await newPlayer());
});

test("what the server does is never counted", async () => {
    const player = await newPlayer();
    for (let times = 0; times < 3; times++) {
        await leaveEarly(player, async (seats) => {
            await world.restart();
            return comeBack(seats);
        });
    }
    const queue = await player.queue();
    open.push(queue);
    await queue.take("queued");
});

test("an offer runs out, before the close", async () => {
    await world.restart({ DUEL_REMATCH_MS: "400" });
    const { match, seats, ends, rounds } = await played();
    await checkBooks(world, match, ends, rounds);
    say(seats[1], true);
    await bothTold(seats, { slot: 1, status: "offered" });
    await bothTold(seats, { slot: 1, status: "expired" });
    for (const seat of seats) {
        assert.equal((await seat.socket.ends()).code, 1000);
    }
});
