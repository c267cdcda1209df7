// What operators do, by the subcommands of duel-server, and what players on two nodes see of it (contract
// sections 1, 3, 4 and 5; docs/operations.md, "Acting").

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, afterEach, before, test } from "node:test";
import { pair, startRound } from "./lib/client.mjs";
import { comeAlone, comeBack, takeEnds, winRound } from "./lib/play.mjs";
import { World } from "./lib/world.mjs";

const SETTINGS = {
    DUEL_NODE_ID: "a", DUEL_BEST_OF: "1", DUEL_LEASE_MS: "600", DUEL_WAITING_MS: "20000",
    DUEL_ROUND_MS: "20000", DUEL_REMATCH_MS: "20000", DUEL_QUEUE_TIMEOUT_MS: "60000",
    DUEL_WINDOW_STEP_MS: "60000", DUEL_SETTLE_WAIT_MS: "5000",
};
let world;
let nodes;
let people = 0;
const open = [];

before(async () => {
    world = await World.start({ env: SETTINGS });
    nodes = { a: world.server, b: await world.another({ DUEL_NODE_ID: "b" }) };
    // Each has heard of the other since.
    const [s] = (await world.valkey.time()).map(Number);
    await world.until(async () => {
        const boots = await world.valkey.zrange("duel:boots", 0, -1, "WITHSCORES");
        return boots.filter((score, at) => at % 2 === 1 && Number(score) > (s + 1) * 1000).length === 2;
    }, "both leases renewed");
});
after(() => world?.stop());
afterEach(() => {
    for (const socket of open.splice(0)) {
        socket.cut();
    }
});

/** A subcommand as an operator runs it: {code, out, err}. */
function command(...words) {
    const env = { ...process.env, ...world.env, USER: "olga", SUDO_USER: "" };
    return new Promise((done) => {
        execFile(process.env.DUEL_SERVER, words, { env }, (error, out, err) =>
            done({ code: error?.code ?? 0, out, err }));
    });
}

async function act(...words) {
    const { code, out, err } = await command(...words);
    assert.deepEqual([code, err], [0, ""], words.join(" "));
    return out;
}

async function newPlayer(node = "a", rating = 1000) {
    people++;
    const sub = `oper${String(people).padStart(8, "0")}`;
    const player = (await world.player(sub, { name: `O${people}`, rating })).at(nodes[node].base);
    const { rows } = await world.db.query("select id from users where auth_provider_id = $1", [sub]);
    return Object.assign(player, { sub, name: `O${people}`, id: rows[0].id });
}

async function queueOf(player) {
    const socket = await player.queue();
    open.push(socket);
    await socket.take("queued");
    return socket;
}

async function ratings() {
    const { rows } = await world.db.query(`select user_id, rating, wins, losses, draws from duel_ratings
        order by user_id`);
    return rows;
}

/** Two are paired and each is where the match is: {match, seats by slot}. */
async function meet(...players) {
    const matched = await pair(...players);
    const seats = await comeBack(players.map((player, i) => ({
        player: player.at(nodes[/\/n\/([ab])\//.exec(matched[i].path)[1]].base), matched: matched[i],
    })));
    open.push(...seats.map(({ socket }) => socket));
    return { match: matched[0].match, seats };
}

/** Both in a match on whatever node, in its first round. */
async function playing() {
    const players = [await newPlayer("a"), await newPlayer("b")];
    const { match, seats } = await meet(...players);
    await Promise.all(seats.map((seat) => startRound(seat, 1)));
    const bySlot = seats.map((seat) => players.find(({ token }) => token === seat.player.token));
    return { match, seats, players: bySlot };
}

test("a ban ends a match as if he had left, closes what he has open on every node, and is over", async () => {
    const { match, seats, players } = await playing();
    const until = Date.now() + 3 * 86_400_000;
    assert.match(await act("ban", players[0].name, "--for", "3d", "--why", "a program answers"),
        new RegExp(`^banned ${players[0].id} \\(${players[0].name}\\) until `));
    const error = await seats[0].socket.take("error");
    assert.equal(error.code, "BANNED");
    assert.ok(Math.abs(error.until - until) < 60_000, "he hears until when");
    assert.deepEqual(await seats[0].socket.ends(), { code: 4403, reason: "BANNED" });
    const end = await seats[1].socket.take("match_end");
    assert.deepEqual([end.outcome, end.reason], ["win", "forfeit"]);
    assert.equal((await world.storedMatch(match)).winner_id, players[1].id);

    for (const node of ["a", "b"]) {
        const socket = await players[0].at(nodes[node].base).queue();
        open.push(socket);
        assert.equal((await socket.take("error")).code, "BANNED", `queue of ${node}`);
        assert.equal((await socket.ends()).code, 4403);
        for (const path of ["/queue", "/invite"]) {
            const { status, body } = await players[0].at(nodes[node].base).get(path, { method: "POST" });
            assert.deepEqual([status, body.error.code], [403, "BANNED"], `${path} of ${node}`);
        }
    }
    assert.equal((await players[0].get("/me")).status, 200, "he may still see his account");
    const { player, matched, welcome } = seats[0];
    const ticket = await player.match({ path: matched.path, resume: welcome.resume });
    open.push(ticket);
    assert.ok([4403, 4410].includes((await ticket.ends()).code), "nor with a ticket");

    await act("unban", players[0].sub, "--why", "a mistake");
    await world.until(async () => {
        const socket = await players[0].queue();
        open.push(socket);
        const first = await Promise.race([socket.take("queued"), socket.take("error")]).catch(() => ({}));
        socket.cut();
        return first.t === "queued";
    }, "the queue takes him again");
});

test("who waits on a node is sent away by a ban; nobody else is", async () => {
    const banned = await newPlayer("b", 100);
    const other = await newPlayer("b", 3000);
    const sockets = [await queueOf(banned), await queueOf(other)];
    await act("ban", banned.id, "--why", "for good", "--who", "rita");
    const error = await sockets[0].take("error");
    assert.deepEqual([error.code, error.until], ["BANNED", null], "for ever");
    assert.equal((await sockets[0].ends()).code, 4403);
    await world.until(async () => (await world.valkey.exists(`duel:ticket:${banned.id}`)) === 0,
        "his ticket is out of the queue");
    assert.equal(sockets[1].end, undefined);
    const { rows } = await world.db.query("select act, who, why from duel_acts where subject = $1",
        [banned.id]);
    assert.deepEqual(rows, [{ act: "ban", who: "rita", why: "for good" }]);
});

test("a void match takes back its change of both ratings, once, and is shown as void", async () => {
    const before = await ratings();
    const players = [await newPlayer("a", 1200), await newPlayer("b", 1100)];
    const fresh = await ratings();
    const { match, seats } = await meet(...players);
    await winRound(world, seats, 0, 1);
    const ends = await takeEnds(seats);
    assert.ok(ends[0].rating.after > ends[0].rating.before);
    assert.notDeepEqual(await ratings(), fresh);
    assert.match(await act("void", match, "--why", "they played for each other"), /^void: /);
    assert.deepEqual(await ratings(), fresh);
    assert.match(await act("void", match, "--why", "again"), /^is void already/);
    assert.deepEqual(await ratings(), fresh);
    assert.equal(fresh.length, before.length + 2);
    for (const player of players) {
        const { body } = await player.get("/history");
        assert.deepEqual([body.data[0].match, body.data[0].void, body.data[0].rating, body.data[0].rated],
            [match, true, null, false]);
        const { rows } = await world.db.query("select rating from duel_ratings where user_id = $1",
            [player.id]);
        assert.equal(Number(await world.valkey.zscore("lb:duels:elo", player.id)), rows[0].rating);
    }
    const { rows } = await world.db.query(
        "select count(*)::int as n from duel_acts where act = 'void' and subject = $1", [match]);
    assert.equal(rows[0].n, 1);
});

test("a live match that is made void ends for both and is never rated", async () => {
    const fresh = await ratings();
    const { match, seats, players } = await playing();
    await act("void", match, "--why", "a broken picture");
    for (const { socket } of seats) {
        assert.equal((await socket.take("error")).code, "MATCH_VOID");
        const end = await socket.take("match_end");
        assert.deepEqual([end.outcome, end.reason, end.rating], ["none", "abandoned", null]);
    }
    const row = await world.storedMatch(match);
    assert.deepEqual([row.status, row.rating_p1_before], ["abandoned", null]);
    const now = (await ratings()).filter((one) => !players.some(({ id }) => id === one.user_id));
    assert.deepEqual(now, fresh);
});

test("a notice is told to who is there and who comes, and taken away again", async () => {
    const { seats } = await playing();
    const waiting = await queueOf(await newPlayer("a", 3000));
    await act("notice", "Manutenção às 23h", "--for", "2h");
    const told = await Promise.all([...seats.map(({ socket }) => socket), waiting]
        .map((socket) => socket.take("notice")));
    for (const { message, until } of told) {
        assert.equal(message, "Manutenção às 23h");
        assert.ok(until > Date.now());
    }
    const late = await queueOf(await newPlayer("b", 100));
    assert.equal((await late.take("notice")).message, "Manutenção às 23h");
    const again = await comeAlone(seats[0]);
    open.push(again.socket);
    await again.socket.take("notice");
    assert.deepEqual(again.socket.arrived.slice(0, 2).map(({ t }) => t), ["welcome", "notice"]);
    assert.equal((await seats[1].player.get("/me")).body.data.notice.message, "Manutenção às 23h");

    await act("notice", "--clear");
    assert.equal((await waiting.take("notice")).message, null);
    const asker = await newPlayer("a", 4000);
    for (const node of ["a", "b"]) {
        await world.until(async () => (await asker.at(nodes[node].base).get("/me")).body.data.notice === null,
            `no notice in ${node}'s answer`);
    }
    assert.equal((await queueOf(await newPlayer("b", 5000))).count("notice"), 0);
});

test("matches of all nodes are listed, and one is shown as far as it is, with no answer in it", async () => {
    const games = [await playing(), await playing()];
    const node = ({ seats }) => /\/n\/([ab])\//.exec(seats[0].matched.path)[1];
    for (let more = 0; games.every((game) => node(game) === node(games[0])) && more < 8; more++) {
        games.push(await playing());
    }
    const list = JSON.parse(await act("matches", "--json"));
    for (const game of games) {
        const row = list.find(({ match }) => match === game.match);
        assert.equal(row.node, node(game));
        assert.deepEqual(row.players.map(({ id }) => id), game.players.map(({ id }) => id));
        assert.ok((await act("matches")).includes(game.match));
    }
    const here = games.find((game) => node(game) === "a");
    here.seats[0].socket.send({ t: "guess", round: 1, seq: 7, text: "no idea" });
    await here.seats[0].socket.take("verdict");
    const text = await act("match", here.match);
    const shown = JSON.parse(text);
    assert.deepEqual([shown.phase, shown.round, shown.score], ["round", 1, [0, 0]]);
    assert.deepEqual(shown.guesses.map(({ slot, seq, correct }) => [slot, seq, correct]), [[0, 7, false]]);
    for (const secret of [here.seats[0].welcome.resume, ...world.videos.map(({ id }) => id)]) {
        assert.ok(!text.includes(secret));
    }
    here.seats[0].socket.send({ t: "leave" });
    await here.seats[1].socket.take("match_end");
    await world.storedMatch(here.match);
    assert.equal(JSON.parse(await act("match", here.match)).status, "completed");
    assert.equal((await command("match", here.players[0].id)).code, 1);
});

test("a node that is drained takes no new matches and lets running ones go on", async () => {
    const { seats } = await playing();
    const waiting = await queueOf(await newPlayer("a", 3000));
    await act("drain", "--node", "a", "--why", "a new disk");
    assert.equal((await waiting.take("error")).code, "UNAVAILABLE");
    assert.equal((await waiting.ends()).code, 4503);
    const ready = await fetch(`http://127.0.0.1:${nodes.a.opsPort}/readyz`);
    assert.deepEqual([ready.status, await ready.text()], [503, "draining by operator\n"]);
    assert.equal((await fetch(`http://127.0.0.1:${nodes.b.opsPort}/readyz`)).status, 200);
    const refused = await (await newPlayer("a")).get("/queue", { method: "POST" });
    assert.equal(refused.status, 503);
    const found = await meet(await newPlayer("b", 2000), await newPlayer("b", 2000));
    assert.match(found.seats[0].matched.path, /\/n\/b\//, "placed on the other node");
    assert.ok(seats.every(({ socket }) => socket.end === undefined), "who plays, plays on");

    // It knows after a restart, too.
    await world.terminate("SIGKILL");
    await world.serve();
    await world.ready(503);
    await world.until(async () => (await fetch(`http://127.0.0.1:${nodes.a.opsPort}/readyz`)
        .then((answer) => answer.text())) === "draining by operator\n", "draining after a restart");
    await act("undrain", "--node", "a");
    await world.until(async () =>
        (await fetch(`http://127.0.0.1:${nodes.a.opsPort}/readyz`)).status === 200, "ready again");
    await queueOf(await newPlayer("a", 7000));
});

test("a player who is forgotten leaves nothing of his but the fact that others played", async () => {
    const players = [await newPlayer("a", 1500), await newPlayer("a", 1500)];
    const { match, seats } = await meet(...players);
    await winRound(world, seats, 0, 1);
    await takeEnds(seats);
    const winner = players.find(({ token }) => token === seats[0].player.token);
    const other = players.find((player) => player !== winner);
    const typed = (await world.storedMatch(match)).rounds[0].p1_guess;
    await act("void", match, "--why", "the log names both then");
    const busy = await queueOf(winner);
    const refused = await command("forget", winner.name, "--why", "he asked");
    assert.equal(refused.code, 1);
    assert.match(refused.err, /searches now/);
    busy.cut();
    await world.until(async () => (await world.valkey.exists(`duel:ticket:${winner.id}`)) === 0, "no ticket");
    assert.match(await act("forget", winner.name, "--why", "he asked"), /^forgotten: .* in 1 matches/);
    const { rows } = await world.db.query(`select (select count(*) from duel_ratings where user_id = $1)::int
        + (select count(*) from user_achievements where user_id = $1)::int as n`, [winner.id]);
    assert.equal(rows[0].n, 0);
    assert.ok(!JSON.stringify((await world.storedMatch(match)).rounds.map(({ guesses, p1_guess: guess }) =>
        [guesses, guess])).includes(typed), "what he typed is gone");
    assert.equal(await world.valkey.zscore("lb:duels:elo", winner.id), null);
    const acts = await world.db.query(
        "select count(*)::int as n from duel_acts where duel_acts::text like $1", [`%${winner.id}%`]);
    assert.equal(acts.rows[0].n, 0, "nor is he in the log");
    const { body } = await other.get("/history");
    assert.deepEqual([body.data[0].match, body.data[0].opponent.name, body.data[0].opponent.deleted],
        [match, null, true]);
});

test("the log says who, what and why; a command that cannot be done says so", async () => {
    const out = await act("acts", "--limit", "200");
    assert.match(out, /ban {5}.*\n {7}by olga: a program answers — until/);
    assert.match(out, /notice {3}Manutenção às 23h/);
    assert.ok(JSON.parse(await act("acts", "--json")).length > 5);
    for (const [words, code, text] of [
        [["ban", "nobody at all", "--why", "x"], 1, /no player/],
        [["ban", "O1"], 64, /usage/], [["ban", "O1", "--for", "soon", "--why", "x"], 64, /--for/],
        [["ban", "O1", "--until", "2001-01-01", "--why", "x"], 1, /over/],
        [["void", "nonsense", "--why", "x"], 64, /not the id/], [["notice"], 64, /--clear/],
        [["notice", "x".repeat(301)], 1, /300/],
    ]) {
        const answer = await command(...words);
        assert.equal(answer.code, code, words.join(" "));
        assert.match(answer.err, text);
    }
    assert.match(await act("ban", "--help"), /usage: duel-server ban PLAYER/);
});
