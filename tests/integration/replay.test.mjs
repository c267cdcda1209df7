// A finished match is run again from its journal, and comes to what is stored; a number that was changed
// there is named. Journals and texts are kept for their time only (docs/operations.md).

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, afterEach, before, test } from "node:test";
import { meet, startRound } from "./lib/client.mjs";
import { connectAgain, takeEnds, winRound } from "./lib/play.mjs";
import { World } from "./lib/world.mjs";

const SETTINGS = {
    DUEL_NODE_ID: "a", DUEL_BEST_OF: "3", DUEL_LEASE_MS: "500", DUEL_WAITING_MS: "20000",
    DUEL_GRACE_MS: "20000", DUEL_ROUND_MS: "20000", DUEL_READY_WAIT_MS: "10000", DUEL_LOCKOUT_MS: "200",
    DUEL_SAVE_WAIT_MS: "5000",
};
let world;
let people = 0;
before(async () => {
    world = await World.start({ env: SETTINGS, start: false });
});
after(() => world?.stop());
afterEach(async () => {
    if (world.child && !world.exited) {
        await world.terminate("SIGKILL");
    }
    await world.stopOthers();
    await world.valkey.flushall();
});

function newPlayer() {
    people++;
    return world.player(`again${String(people).padStart(7, "0")}`, { name: `P${people}` });
}

async function meetNew() {
    return meet(await newPlayer(), await newPlayer());
}

function run(...args) {
    return new Promise((done) => {
        execFile(process.env.DUEL_SERVER, args, { env: { PATH: process.env.PATH, ...world.env } },
            (error, stdout, stderr) => done({ code: error ? error.code : 0, stdout, stderr }));
    });
}

async function replay(match) {
    const { code, stdout } = await run("replay", match, "--json");
    const answer = JSON.parse(stdout);
    assert.equal(code, answer.identical ? 0 : 1);
    return answer;
}

async function serve() {
    await world.serve();
    await world.ready();
}


/** A round with a wrong guess, one that is refused, and one that is misspelt; seat 0 wins it. */
async function playRound(seats, number) {
    const starts = await Promise.all(seats.map((seat) => startRound(seat, number)));
    const { title } = world.videoOf(starts[0].image);
    seats[1].socket.send({ t: "guess", round: number, seq: 1, text: `${title} and more` });
    assert.equal((await seats[1].socket.take("verdict")).correct, false);
    seats[1].socket.send({ t: "guess", round: number, seq: 2, text: title });
    await seats[1].socket.take("error");
    seats[0].socket.send({ t: "guess", round: number, seq: 1, text: title.toUpperCase() });
    assert.equal((await seats[0].socket.take("verdict")).correct, true);
    await Promise.all(seats.map((seat) => seat.socket.take("round_end")));
}

async function playMatch() {
    const { match, seats } = await meetNew();
    await playRound(seats, 1);
    await playRound(seats, 2);
    await takeEnds(seats);
    await world.storedMatch(match);
    return match;
}

test("a match comes to the same; each number that is changed in the row is named", async () => {
    await serve();
    const match = await playMatch();
    const same = await replay(match);
    assert.deepEqual(same.differences, []);
    assert.deepEqual([same.verdicts, same.rounds, same.judged_again], [4, 2, 4]);
    assert.ok(same.lines.some(({ seat, text }) => seat === 2 && text.startsWith("refused: locked out")));
    assert.equal(same.lines.at(-1).text, "over, score, seat 1 has won");
    const { rows: [{ size }] } = await world.db.query(
        "select octet_length(events) as size from duel_match_events where match_id = $1", [match]);
    assert.ok(size < 600, `${size} bytes`);

    const read = await run("replay", match);
    assert.equal(read.code, 0);
    assert.match(read.stdout, /\n4 verdicts, 2 rounds: identical \(4 texts judged again\)\n$/);

    const { rounds } = await world.storedMatch(match);
    const changes = [
        [["0", "guesses", "0", "ms"], /^round 1, guess 1: ms: stored 7777777, replayed \d+$/],
        [["0", "guesses", "0", "raw_ms"], /^round 1, guess 1: raw_ms: stored 7777777/],
        [["1", "guesses", "1", "seq"], /^round 2, guess 2: seq: stored 7777777, replayed 1$/],
        [["1", "guesses", "0", "similarity"], /^round 2, guess 1: similarity in millionths/],
        [["1", "p1_time"], /^round 2: p1_time: stored 7777777/],
        [["1", "winner"], /^round 2: winner \(-1: nobody\): stored 7777777, replayed 0$/],
    ];
    for (const [path, named] of changes) {
        await world.db.query("update duel_matches set rounds = jsonb_set($2::jsonb, $3, '7777777') where id = $1",
            [match, JSON.stringify(rounds), path]);
        const { differences } = await replay(match);
        assert.equal(differences.length, 1, JSON.stringify(differences));
        assert.match(differences[0], named);
    }
    await world.db.query(`update duel_matches set score_p2 = 1, reason = 'forfeit',
        rounds = jsonb_set(jsonb_set($2::jsonb, '{0,suspect,0}', 'true'), '{0,guesses,0,text}', '"zzz"')
        where id = $1`, [match, JSON.stringify(rounds)]);
    const { differences } = await replay(match);
    assert.deepEqual(differences.map((text) => text.split(":")[0]).sort(),
        ["reason", "round 1", "round 1, seat 2, seq 1", "score of seat 2"]
            .filter((what) => what !== "round 1" || rounds[0].suspect[0] === false).sort());
});

test("killed in mid-round and taken over by another node: the journal goes on there", async () => {
    await serve();
    const { match, seats } = await meetNew();
    await winRound(world, seats, 1, 1);
    await Promise.all(seats.map((seat) => startRound(seat, 2)));
    seats[0].socket.send({ t: "guess", round: 2, seq: 1, text: "something else" });
    await seats[0].socket.take("verdict");
    const other = await world.another({ DUEL_NODE_ID: "b" });
    await world.terminate("SIGKILL");
    const back = await Promise.all(seats.map((seat) =>
        welcomedInTime({ ...seat, player: seat.player.at(other.base) })));
    await winRound(world, back, 0, 2);
    await winRound(world, back, 0, 3);
    await takeEnds(back);
    await world.storedMatch(match);
    const answer = await replay(match);
    assert.deepEqual(answer.differences, []);
    assert.equal(answer.rounds, 3);
    assert.equal(answer.verdicts, 3, "the void round's is not one of them");
    assert.ok(answer.lines.some(({ text }) => text === "another server goes on, after round 1"));
});

/** Comes again, as it is told to, until the node that died counts as dead. */
async function welcomedInTime(seat) {
    return world.until(async () => {
        const again = await connectAgain(seat);
        const welcome = again.socket.take("welcome").catch(() => null);
        const first = await Promise.race([welcome, again.socket.closed]);
        return first?.t === "welcome" ? { ...again, welcome: first } : null;
    }, "a welcome");
}

test("a journal is kept for its days, and so are texts; the rest of the match stays", async () => {
    await serve();
    const [old, young] = [await playMatch(), await playMatch()];
    await world.db.query("update duel_match_events set created_at = now() - interval '31 days' where match_id = $1",
        [old]);
    await world.db.query("update duel_matches set completed_at = now() - interval '181 days' where id = $1",
        [old]);
    const before = await world.storedMatch(old);
    await world.restart();
    await world.until(async () => (await world.db.query(
        "select from duel_match_events where match_id = $1", [old])).rowCount === 0, "a journal that is deleted");
    const row = await world.until(async () => {
        const now = await world.storedMatch(old);
        return now.texts_gone ? now : null;
    }, "texts that are deleted");
    for (const round of before.rounds) {
        round.p1_guess = null;
        round.p2_guess = null;
        round.guesses.forEach((made) => (made.text = null));
    }
    assert.deepEqual(row.rounds, before.rounds);
    const gone = await run("replay", old);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /its journal is not kept/);
    assert.deepEqual((await replay(young)).differences, []);
});

test("0 days keep no journal; what is no match is said", async () => {
    await world.serve({ DUEL_EVENTS_DAYS: "0" });
    await world.ready();
    const match = await playMatch();
    assert.match((await run("replay", match)).stderr, /its journal is not kept/);
    assert.match((await run("replay", "00000000-0000-4000-8000-000000000001")).stderr, /no such match/);
    assert.equal((await run("replay", "x")).code, 64);
    assert.equal((await run("replay")).code, 64);
    assert.equal((await run("replay", "--help")).code, 0);
});

test("a journal that is damaged, or was full, is said to be so", async () => {
    await serve();
    const match = await playMatch();
    const { rows: [{ events }] } = await world.db.query(
        "select events from duel_match_events where match_id = $1", [match]);
    const put = (bytes) => world.db.query("update duel_match_events set events = $2 where match_id = $1",
        [match, bytes]);
    await put(Buffer.concat([events, Buffer.from([15])]));
    assert.match((await replay(match)).differences[0], /was full/);
    await put(Buffer.concat([events, Buffer.from([255])]));
    assert.match((await replay(match)).differences[0], /cannot be read/);
    await put(Buffer.alloc(0));
    assert.match((await replay(match)).differences[0], /cannot be read/);
});
