// Invitations over real sockets and stores (contract sections 1 and 5; docs/rules.md, "Invitations"): the
// link, who may come to it, waiting in it and taking it back, and what a rated one takes.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { comeBack, takeEnds, winRound } from "./lib/play.mjs";
import { World } from "./lib/world.mjs";

const NOBODY = "00000000-0000-0000-0000-000000000000";
const SETTINGS = {
    DUEL_BEST_OF: "1", DUEL_LEASE_MS: "600", DUEL_WAITING_MS: "8000", DUEL_REMATCH_MS: "300",
    DUEL_INVITE_URL: "framedle://duel/{match}?from=link", DUEL_QUEUE_TIMEOUT_MS: "20000",
};
let world;
let people = 0;
const open = [];

before(async () => {
    world = await World.start({ env: SETTINGS });
});
after(() => world?.stop());
afterEach(() => {
    for (const socket of open.splice(0)) {
        socket.cut();
    }
});

async function newPlayer(name = "Alguém") {
    people++;
    return world.player(`invite${String(people).padStart(6, "0")}`, { name: `${name} ${people}`, rating: 1000 });
}

function ask(player, method, path, body, headers = {}) {
    const type = body === undefined ? {} : { "Content-Type": "application/json" };
    return player.get(path, {
        method, headers: { ...type, ...headers },
        body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
}

async function invite(player, body) {
    const { status, body: answer } = await ask(player, "POST", "/invite", body);
    assert.equal(status, 200, JSON.stringify(answer));
    return answer.data;
}

function withdraw(player, match) {
    return ask(player, "DELETE", `/invite/${match}`);
}

async function refused(answer, status, code) {
    const { status: got, body } = await answer;
    assert.deepEqual([got, body.error?.code, body.data], [status, code, null]);
}

async function come(player, where) {
    const socket = await player.match(where);
    open.push(socket);
    return socket;
}

/** Since Valkey has lost all, every process has said again what it plays; before that no match is made. */
function told() {
    return world.until(async () => {
        const keys = await world.valkey.keys("duel:players:*");
        const whole = await Promise.all(keys.map((key) => world.valkey.hget(key, "whole")));
        return whole.length > 0 && whole.every((one) => one === "1");
    }, "that every process has told what it plays");
}

/** The inviter's socket, once it waits. */
async function waitIn(player, invitation) {
    const socket = await come(player, { path: invitation.path });
    const welcome = await socket.take("welcome");
    assert.deepEqual(Object.keys(welcome.invitation).sort(), ["expires_at", "url"]);
    return { player, socket, welcome, matched: invitation };
}

/** The seats once both are in the match: the inviter waited. */
async function accept(inviter, friend) {
    const socket = await come(friend, { path: inviter.matched.path });
    const welcomes = await Promise.all([inviter.socket, socket].map((one) => one.take("welcome")));
    assert.deepEqual(welcomes.map((welcome) => [welcome.you, welcome.match, welcome.invitation]),
        [0, 1].map((slot) => [slot, inviter.matched.match, undefined]));
    return [
        { ...inviter, welcome: welcomes[0] },
        { player: friend, socket, welcome: welcomes[1], matched: inviter.matched },
    ];
}

async function closes(socket, code, reason) {
    assert.deepEqual(await socket.ends(), { code, reason });
}

async function playOut(seats) {
    await winRound(world, seats, 0, 1);
    return takeEnds(seats, { rated: false });
}

test("a link, a friend, a match that is stored and changes no rating", async () => {
    const ana = await newPlayer("Ana");
    const invitation = await invite(ana);
    const now = Date.now();
    assert.equal(invitation.path, `/api/duel/match/${invitation.match}`);
    assert.equal(invitation.url, `framedle://duel/${invitation.match}?from=link`);
    assert.equal(invitation.rated, false);
    assert.ok(invitation.expires_at > now + 590_000 && invitation.expires_at < now + 610_000);
    const inviter = await waitIn(ana, invitation);
    const { welcome } = inviter;
    assert.deepEqual([welcome.phase, welcome.phase_ends_at, welcome.rated, welcome.you, welcome.score, welcome.rounds],
        ["waiting", invitation.expires_at, false, 0, [0, 0], []]);
    assert.deepEqual(welcome.invitation, { url: invitation.url, expires_at: invitation.expires_at });
    assert.match(welcome.players[0].name, /^Ana/);
    assert.equal(welcome.players[0].connected, true);
    assert.deepEqual(welcome.players[1],
        { id: NOBODY, name: "", avatar: null, country: null, rating: 1000, connected: false });
    const seats = await accept(inviter, await newPlayer("Bia"));
    assert.deepEqual(seats.map((seat) => seat.welcome.rated), [false, false]);
    const ends = await playOut(seats);
    assert.deepEqual(ends.map((end) => [end.outcome, end.rating]), [["win", null], ["loss", null]]);
    const row = await world.storedMatch(invitation.match);
    assert.deepEqual([row.status, row.rating_p1_before, row.rated_seq, row.score_p1], ["completed", null, null, 1]);
    const { rows } = await world.db.query("select rating, wins, losses from duel_ratings where user_id = any($1)",
        [[row.player1_id, row.player2_id]]);
    assert.deepEqual(rows, [0, 1].map(() => ({ rating: 1000, wins: 0, losses: 0 })));
    await Promise.all(seats.map((seat) => seat.socket.ends()));
    await closes(await come(ana, invitation), 4410, "match over");
});

test("the friend may be there first, and a third person is nobody's", async () => {
    const [ana, bia, caio] = [await newPlayer(), await newPlayer(), await newPlayer()];
    const invitation = await invite(ana);
    const friend = await come(bia, invitation);
    assert.equal((await friend.take("welcome")).you, 1);
    await closes(await come(caio, invitation), 4403, "not a player of this match");
    const inviter = await come(ana, invitation);
    const welcome = await inviter.take("welcome");
    assert.equal(welcome.you, 0);
    assert.equal(welcome.invitation, undefined);
    await friend.take("countdown");
    assert.equal((await ana.get("/me")).body.data.match.match, invitation.match);
    friend.send({ t: "leave" });
    await Promise.all([friend, inviter].map((socket) => socket.take("match_end")));
});

test("who waits comes back by ticket, and a newer socket takes the older one's place", async () => {
    const ana = await newPlayer();
    const inviter = await waitIn(ana, await invite(ana));
    inviter.socket.cut();
    const again = await come(ana, { path: inviter.matched.path, resume: inviter.welcome.resume });
    assert.deepEqual((await again.take("welcome")).invitation, inviter.welcome.invitation);
    const newer = await waitIn(ana, inviter.matched);
    await closes(again, 4409, "replaced");
    const seats = await accept(newer, await newPlayer());
    const back = await comeBack(seats);
    back.forEach((seat) => open.push(seat.socket));
});

test("an impatient inviter is heard: what makes no sense yet is refused", async () => {
    const ana = await newPlayer();
    const { socket } = await waitIn(ana, await invite(ana));
    socket.send({ t: "ready", round: 1 });
    socket.send({ t: "guess", round: 1, seq: 7, text: "x" });
    const error = await socket.take("error");
    assert.deepEqual([error.code, error.seq], ["NOT_IN_ROUND", 7]);
    socket.send({ t: "rematch", accept: true });
    assert.equal((await socket.take("error")).code, "NOT_OVER");
    socket.send({ t: "suggest", seq: 3, q: "gato" });
    assert.equal((await socket.take("suggestions")).seq, 3);
    socket.send({ t: "ping", ts: 5 });
    assert.equal((await socket.take("pong")).ts, 5);
});

test("leave takes it back, and who comes is told", async () => {
    const [ana, bia] = [await newPlayer(), await newPlayer()];
    const { socket, matched } = await waitIn(ana, await invite(ana));
    socket.send({ t: "leave" });
    socket.send({ t: "leave" });
    await closes(socket, 1000, "left");
    await closes(await come(bia, matched), 4404, "INVITE_WITHDRAWN");
    await closes(await come(ana, matched), 4404, "INVITE_WITHDRAWN");
    assert.deepEqual((await withdraw(ana, matched.match)).body.data, { status: "withdrawn" });
});

test("DELETE takes it back, from who waits in it too; nobody else can", async () => {
    const [ana, bia] = [await newPlayer(), await newPlayer()];
    const { socket, matched } = await waitIn(ana, await invite(ana));
    await refused(withdraw(bia, matched.match), 404, "NO_SUCH_INVITE");
    await refused(withdraw(ana, NOBODY), 400, "BAD_ID");
    await refused(withdraw(ana, randomUUID()), 404, "NO_SUCH_INVITE");
    const { status, body } = await withdraw(ana, matched.match);
    assert.deepEqual([status, body.data], [200, { status: "withdrawn" }]);
    await closes(socket, 4404, "INVITE_WITHDRAWN");
    await closes(await come(bia, matched), 4404, "INVITE_WITHDRAWN");
    const taken = await invite(ana);
    await accept(await waitIn(ana, taken), bia);
    await refused(withdraw(ana, taken.match), 404, "NO_SUCH_INVITE");
});

test("three are open at most", async () => {
    const ana = await newPlayer();
    const all = [await invite(ana), await invite(ana), await invite(ana)];
    assert.equal(new Set(all.map((one) => one.match)).size, 3);
    await refused(ask(ana, "POST", "/invite"), 409, "TOO_MANY_INVITES");
    await withdraw(ana, all[1].match);
    await invite(ana);
    await refused(ask(ana, "POST", "/invite"), 409, "TOO_MANY_INVITES");
    await invite(await newPlayer());
});

test("joining the queue takes all of them back; those made while waiting stay", async () => {
    const [ana, bia] = [await newPlayer(), await newPlayer()];
    const { socket, matched } = await waitIn(ana, await invite(ana));
    const other = await invite(ana);
    const queue = await ana.queue();
    open.push(queue);
    await queue.take("queued");
    await closes(socket, 4404, "INVITE_WITHDRAWN");
    await closes(await come(bia, matched), 4404, "INVITE_WITHDRAWN");
    await closes(await come(bia, other), 4404, "INVITE_WITHDRAWN");
    const third = await invite(ana);
    const friend = await come(bia, third);
    await friend.take("welcome");
    const found = await queue.take("matched");
    assert.equal(found.match, third.match);
    assert.match(found.opponent.name, /^Alguém/);
    await closes(queue, 1000, "matched");
    const back = await come(ana, { path: found.path, resume: found.resume });
    assert.equal((await back.take("welcome")).you, 0);
});

test("who plays another match is not torn out of it", async () => {
    const [ana, bia, caio] = [await newPlayer(), await newPlayer(), await newPlayer()];
    const second = await invite(ana);
    const own = await invite(bia);
    const seats = await accept(await waitIn(ana, await invite(ana)), bia);
    for (const socket of [await come(caio, second), await come(caio, own)]) {
        assert.equal((await socket.take("error")).code, "PLAYER_BUSY");
        await closes(socket, 4503, "PLAYER_BUSY");
    }
    await playOut(seats);
    await Promise.all(seats.map((seat) => seat.socket.ends()));
    const later = await come(caio, second);
    assert.equal((await later.take("welcome")).you, 1, "it was still open");
});

test("it expires: who waits is told, and who comes later", async () => {
    await world.restart({ DUEL_INVITE_MS: "700" });
    const [ana, bia] = [await newPlayer(), await newPlayer()];
    const { socket, matched } = await waitIn(ana, await invite(ana));
    await closes(socket, 4408, "INVITE_EXPIRED");
    await closes(await come(bia, matched), 4404, "INVITE_EXPIRED");
    await closes(await come(ana, matched), 4404, "INVITE_EXPIRED");
    await refused(withdraw(ana, matched.match), 404, "NO_SUCH_INVITE");
    await world.restart();
});

test("the server dies: the invitation does not", async () => {
    const [ana, bia] = [await newPlayer(), await newPlayer()];
    const { matched, welcome } = await waitIn(ana, await invite(ana));
    await world.restart();
    const again = await come(ana, { path: matched.path, resume: welcome.resume });
    const seats = await accept({ player: ana, socket: again, welcome: await again.take("welcome"), matched }, bia);
    await playOut(seats);
    await world.restart(); // nobody remembers that match but Valkey
    await closes(await come(bia, matched), 4410, "match over");
});

test("Valkey loses everything: the invitation is gone, and that is said", async () => {
    const [ana, bia] = [await newPlayer(), await newPlayer()];
    const invitation = await invite(ana);
    await world.valkey.flushall();
    await world.until(async () => {
        const { code, reason } = await (await come(bia, invitation)).ends();
        return code === 4404 && reason === "no such match"; // before that: come again
    }, "4404");
    await told();
    await accept(await waitIn(ana, await invite(ana)), bia);
});

/** As if this player had met ten people in rated matches. */
async function makeKnown(player) {
    const { body } = await player.get("/me");
    const { rows } = await world.db.query(`insert into users (auth_provider_id, display_name)
        select 'known' || substr($1::text, 1, 8) || n, 'Known' from generate_series(1, 10) n returning id`, [body.data.id]);
    for (const { id } of rows) {
        await world.db.query(`insert into duel_matches (player1_id, player2_id, status, completed_at,
            rating_p1_before, rating_p1_after, rating_p2_before, rating_p2_after)
            values ($1, $2, 'completed', now() - interval '2 days', 1000, 1000, 1000, 1000)`, [body.data.id, id]);
    }
}

test("for rating: not before ten rated opponents, and only if the friend has them too", async () => {
    const [ana, bia, caio] = [await newPlayer(), await newPlayer(), await newPlayer()];
    await refused(ask(ana, "POST", "/invite", { rated: true }), 403, "RATED_NEEDS_OPPONENTS");
    await makeKnown(ana);
    const first = await invite(ana, { rated: true });
    assert.equal(first.rated, true);
    const waiting = await waitIn(ana, first);
    assert.equal(waiting.welcome.rated, true);
    const friendly = await accept(waiting, bia);
    assert.deepEqual(friendly.map((seat) => seat.welcome.rated), [false, false], "Bia is new here");
    await playOut(friendly);
    await Promise.all(friendly.map((seat) => seat.socket.ends()));

    await makeKnown(caio);
    const seats = await accept(await waitIn(ana, await invite(ana, { rated: true })), caio);
    assert.deepEqual(seats.map((seat) => seat.welcome.rated), [true, true]);
    await winRound(world, seats, 0, 1);
    const ends = await takeEnds(seats);
    assert.deepEqual(ends.map((end) => end.rating), [{ before: 1000, after: 1016 }, { before: 1000, after: 984 }]);
});

test("for rating: whoever left matches early waits", async () => {
    const [ana, bia] = [await newPlayer(), await newPlayer()];
    await makeKnown(ana);
    await makeKnown(bia);
    const invitation = await invite(ana, { rated: true });
    const { body } = await bia.get("/me");
    for (const match of ["one", "two", "three"]) {
        await world.valkey.zadd(`duel:left:${body.data.id}`, Date.now(), match);
    }
    const socket = await come(bia, invitation);
    const error = await socket.take("error");
    assert.equal(error.code, "COOLDOWN");
    assert.ok(error.until > Date.now() + 60_000);
    await closes(socket, 4429, "COOLDOWN");
    await accept(await waitIn(ana, await invite(ana, { rated: false })), bia);
});

test("for rating: the operator may switch it off", async () => {
    const [ana, bia] = [await newPlayer(), await newPlayer()];
    await makeKnown(ana);
    await makeKnown(bia);
    const before = await invite(ana, { rated: true });
    await world.restart({ DUEL_RATED_INVITES: "off" });
    await refused(ask(ana, "POST", "/invite", { rated: true }), 403, "RATED_OFF");
    assert.equal((await invite(ana, {})).rated, false);
    const seats = await accept(await waitIn(ana, before), bia);
    assert.deepEqual(seats.map((seat) => seat.welcome.rated), [false, false]);
    await world.restart();
});

test("two nodes: the friend came to the other one", async () => {
    const b = await world.another({ DUEL_NODE_ID: "b" });
    await world.until(async () => (await world.valkey.zcard("duel:boots")) >= 2
        && (await world.metric("duel_up")) !== 0, "both nodes");
    const [ana, bia, caio] = [await newPlayer(), await newPlayer(), await newPlayer()];
    const { socket, matched, welcome } = await waitIn(ana, await invite(ana));
    const friend = await come(bia.at(b.base), matched);
    assert.equal((await friend.take("welcome")).you, 1);
    await closes(socket, 4421, `/api/duel/n/b/match/${matched.match}`);
    await closes(await come(caio, matched), 4403, "not a player of this match");
    const back = await come(ana.at(b.base), { path: `/api/duel/n/b/match/${matched.match}`, resume: welcome.resume });
    const entered = await back.take("welcome");
    assert.deepEqual([entered.you, entered.match, entered.invitation], [0, matched.match, undefined]);
    await friend.take("countdown");

    const dora = await newPlayer();
    const first = await waitIn(dora, await invite(dora));
    const second = await come(dora.at(b.base), first.matched);
    assert.ok((await second.take("welcome")).invitation);
    await closes(first.socket, 4409, "replaced");
    await withdraw(dora, first.matched.match);
    await closes(second, 4404, "INVITE_WITHDRAWN");
    await world.stopOthers();
});

test("what is wrong is refused, and said", async () => {
    const ana = await newPlayer();
    for (const body of [{ rated: "yes" }, { rated: 1 }, { rated: null }]) {
        const { status, body: answer } = await ask(ana, "POST", "/invite", body);
        assert.deepEqual([status, answer.error.code], [400, "BAD_FIELD"], JSON.stringify(body));
        assert.match(answer.error.message, /rated/);
    }
    for (const body of ["{", "[]", "null", "\"x\"", "{\"rated\":true,}", "\ud800"]) {
        const { status } = await ask(ana, "POST", "/invite", body);
        assert.equal(status, 400, body);
    }
    await refused(ask(ana, "POST", "/invite", { x: "y".repeat(4200) }), 413, "BODY_TOO_LARGE");
    await refused(ask(ana, "POST", "/invite", "{}", { "Content-Type": "text/plain" }), 415, "BAD_CONTENT_TYPE");
    await refused(withdraw(ana, "not-an-id"), 400, "BAD_ID");
    await refused(withdraw(ana, `${NOBODY}0`), 400, "BAD_ID");
    await refused(ask(ana, "DELETE", `/invite/${NOBODY}`, {}), 400, "UNEXPECTED_BODY");
    for (const [method, path, allow] of [["GET", "/invite", "POST, OPTIONS"], ["PUT", "/invite", "POST, OPTIONS"],
        ["DELETE", "/invite", "POST, OPTIONS"], ["GET", `/invite/${NOBODY}`, "DELETE, OPTIONS"],
        ["POST", `/invite/${NOBODY}`, "DELETE, OPTIONS"]]) {
        const { status, headers } = await ask(ana, method, path);
        assert.deepEqual([status, headers.get("allow")], [405, allow], `${method} ${path}`);
    }
    const stranger = await ask({ get: (path, options) => ana.at(world.base).get(path, {
        ...options, headers: { ...options.headers, Authorization: "" } }) }, "POST", "/invite");
    assert.equal(stranger.status, 401);
    const strange = await invite(ana, { unknown: [1, { deep: true }] });
    assert.equal(strange.rated, false, "what is not known is ignored");
    await closes(await come(ana, { path: `/api/duel/match/${NOBODY.replace(/0$/, "1")}` }), 4404, "no such match");
});

test("Valkey away: nothing is promised", async () => {
    const ana = await newPlayer();
    const { socket, matched } = await waitIn(ana, await invite(ana));
    await world.valkey.config("SET", "maxclients", "1"); // and whoever is there is sent away
    await world.valkey.client("KILL", "TYPE", "normal", "SKIPME", "yes");
    await world.until(async () => (await ask(ana, "POST", "/invite")).status === 503, "503");
    socket.send({ t: "leave" });
    assert.equal((await socket.take("error")).code, "UNAVAILABLE");
    await world.valkey.config("SET", "maxclients", "10000");
    await world.until(async () => (await withdraw(ana, matched.match)).status === 200, "Valkey is back");
    await closes(socket, 4404, "INVITE_WITHDRAWN");
});
