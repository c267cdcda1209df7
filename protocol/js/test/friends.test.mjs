// Invitations, and what is only read, against fakes: what is sent, what is made of the answers, and every
// way in which it ends.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { createFake, MATCH, SEAT, settle, TICKET, WELCOME } from "./fake.mjs";
import { createStorage } from "./lib.mjs";

const URL_ = `https://framedle.test/duel?invite=${MATCH}`;
const INVITE = {
    match: MATCH,
    path: `/api/duel/match/${MATCH}`,
    url: URL_,
    expires_at: 1_600_000,
    rated: false,
};
const NOBODY = { ...SEAT, id: "00000000-0000-0000-0000-000000000000", name: "", connected: false };
const PARKED = {
    ...WELCOME,
    rated: false,
    players: [SEAT, NOBODY],
    phase_ends_at: 1_600_000,
    invitation: { url: URL_, expires_at: 1_600_000 },
};

const fakes = [];
afterEach(() => {
    for (const fake of fakes.splice(0)) {
        fake.duel.reset();
        assert.equal(fake.timers.size, 0);
    }
});

/** A fake whose server answers requests with `answers`, in order; `asked` is what it was asked. */
function create(answers = [], options = {}) {
    const asked = [];
    const fake = createFake({
        fetch: async (url, { method, headers, body }) => {
            asked.push({
                call: `${method} ${url.replace("http://duel.test/api/duel", "")}`,
                body,
                signed: "Authorization" in headers,
                type: headers["Content-Type"],
            });
            return answers.shift();
        },
        ...options,
    });
    fakes.push(fake);
    return Object.assign(fake, { asked });
}

const data = (value) => new Response(JSON.stringify({ data: value }), { status: 200 });
const refused = (status, code) =>
    new Response(JSON.stringify({ data: null, error: { code, message: "" } }), { status });
/** What takes more than promises: a Response's body. */
const reply = () => new Promise((done) => setTimeout(done, 0)).then(settle);

async function inviting(answers = [], options = {}) {
    const fake = create([data(INVITE), ...answers], options);
    const made = fake.duel.invite();
    await reply();
    fake.last().accept();
    fake.last().says(PARKED);
    await settle();
    assert.equal(fake.duel.state.status, "inviting");
    return Object.assign(fake, { made: await made });
}

test("an invitation is made and waited in; the friend's coming makes it a match", async () => {
    const storage = createStorage();
    const fake = await inviting([], { storage });
    assert.deepEqual(fake.asked, [
        { call: "POST /invite", body: '{"rated":false}', signed: true, type: "application/json" },
    ]);
    assert.deepEqual(fake.made, {
        match: MATCH,
        path: INVITE.path,
        url: URL_,
        expiresAt: 1_600_000,
        rated: false,
    });
    assert.equal(fake.last().path, INVITE.path);
    assert.deepEqual(fake.duel.state.match.invitation, { url: URL_, expiresAt: 1_600_000 });
    assert.equal(JSON.parse(storage.getItem("framedle.duel.match")).match, MATCH, "survives a reload");
    fake.last().says({ ...WELCOME, rated: false });
    await settle();
    assert.deepEqual([fake.duel.state.status, fake.duel.state.match.invitation], ["playing", null]);
    assert.equal(fake.sockets.length, 1);
    await fake.duel.withdraw();
    assert.equal(
        fake.last().sent.some(({ t }) => t === "leave"),
        false,
        "a match is not taken back",
    );
    await assert.rejects(fake.duel.invite(), { code: "PLAYER_BUSY" });
});

test("who waits on another node is sent there", async () => {
    const fake = await inviting();
    fake.last().ends(4421, `/api/duel/n/b/match/${MATCH}`);
    await settle();
    assert.deepEqual(
        [fake.last().path, fake.last().protocols[1]],
        [`/api/duel/n/b/match/${MATCH}`, `r.${TICKET}`],
    );
    fake.last().accept();
    fake.last().says(WELCOME);
    await settle();
    assert.equal(fake.duel.state.status, "playing");
});

test("taken back: by the socket, else by a request, and nothing is remembered", async () => {
    const storage = createStorage();
    const fake = await inviting([], { storage });
    await fake.duel.withdraw();
    assert.deepEqual(fake.last().sent.at(-1), { t: "leave" });
    fake.last().ends(1000);
    await settle();
    assert.deepEqual(
        [fake.duel.state.status, storage.getItem("framedle.duel.match"), fake.problems],
        ["idle", null, []],
    );

    const offline = await inviting([data({ status: "withdrawn" })], { storage });
    offline.last().ends(1006);
    await settle();
    const done = offline.duel.withdraw();
    assert.equal(offline.duel.state.status, "idle");
    await done;
    assert.deepEqual(
        [offline.asked.at(-1).call, offline.asked.at(-1).type],
        [`DELETE /invite/${MATCH}`, undefined],
    );

    const other = create([data({ status: "withdrawn" }), refused(404, "NO_SUCH_MATCH")]);
    await other.duel.withdraw(URL_);
    await assert.rejects(other.duel.withdraw(MATCH), { code: "NO_SUCH_MATCH" });
    await assert.rejects(other.duel.withdraw("x"), TypeError);
    await other.duel.withdraw();
    assert.equal(other.asked.length, 2, "there is nothing to take back");
});

test("who goes away leaves no invitation and no offer behind", async () => {
    const fake = await inviting();
    fake.duel.reset();
    assert.deepEqual(fake.last().sent.at(-1), { t: "leave" });

    const end = { t: "match_end", outcome: "win", reason: "score", score: [3, 0], points: [900, 0], rating: null,
        avg_ms: null, share: "", rematch_until: fake.time + 30_000 };
    for (const [slot, sent] of [[0, 1], [1, 0]]) {
        const player = createFake();
        const socket = await player.play();
        socket.says(end, { t: "rematch", slot, status: "offered" });
        player.duel.reset();
        assert.equal(socket.sent.filter(({ t, accept }) => t === "rematch" && !accept).length, sent);
    }
});

test("how an invitation ends for who waits and for who comes", async () => {
    for (const [close, reason, code] of [
        [4408, "INVITE_EXPIRED"],
        [4404, "INVITE_WITHDRAWN"],
        [4404, "INVITE_EXPIRED"],
        [4404, "no such match", "NO_SUCH_MATCH"],
        [4403, "not a player", "NOT_YOUR_MATCH"],
        [4410, "match over", "MATCH_OVER"],
    ]) {
        const fake = await inviting();
        fake.last().ends(close, reason);
        await settle();
        const { status, problem } = fake.duel.state;
        assert.deepEqual(
            [status, problem.code, problem.final, problem.close],
            ["failed", code ?? reason, true, close],
        );
    }
    for (const [error, close] of [
        ["PLAYER_BUSY", 4503],
        ["COOLDOWN", 4429],
    ]) {
        const fake = create();
        fake.duel.open(URL_);
        await settle();
        assert.equal(fake.last().path, INVITE.path, "a link is as good as an id");
        fake.last().accept();
        fake.last().says({ t: "error", code: error, message: "", until: fake.time + 20_000 });
        fake.last().ends(close);
        await settle();
        const { status, problem } = fake.duel.state;
        assert.deepEqual([status, problem.code, problem.until], ["failed", error, fake.time + 20_000]);
        assert.deepEqual(fake.problems, [error], "told once");
    }
});

test("an invitation that is refused", async () => {
    for (const [status, code] of [
        [409, "TOO_MANY_INVITES"],
        [403, "RATED_OFF"],
        [403, "RATED_NEEDS_OPPONENTS"],
    ]) {
        const fake = create([refused(status, code)]);
        await assert.rejects(fake.duel.invite({ rated: true }), { code, final: true });
        assert.deepEqual([fake.asked[0].body, fake.duel.state.status], ['{"rated":true}', "idle"]);
    }
});

test("after a reload the invitation is waited in again; one that has run out is gone", async () => {
    const storage = createStorage();
    storage.setItem("framedle.duel.match", JSON.stringify({ match: MATCH, resume: TICKET }));
    const me = { ...SEAT, wins: 0, losses: 0, draws: 0, match: null, queue: { status: "idle" } };
    const fake = create([data(me)], { storage });
    const back = fake.duel.resume();
    await settle();
    fake.last().accept();
    fake.last().says(PARKED);
    assert.equal(await back, true);
    assert.equal(fake.duel.state.status, "inviting");
    fake.duel.reset();
    storage.setItem("framedle.duel.match", JSON.stringify({ match: MATCH, resume: TICKET }));
    const late = fake.duel.resume();
    await settle();
    fake.last().ends(4404, "INVITE_EXPIRED");
    assert.equal(await late, false);
    assert.equal(storage.getItem("framedle.duel.match"), null);
});

const PERSON = { id: MATCH, name: "Bia", avatar: null, country: "BR", rating: 984, deleted: false };
const GONE = { ...PERSON, name: null, country: null, deleted: true };

test("history and ranking: names, pages, and people who are gone", async () => {
    const entry = {
        match: MATCH,
        opponent: GONE,
        outcome: "win",
        reason: "score",
        score: [3, 1],
        rating: { before: 1000, after: 1016 },
        rated: true,
        completed_at: 999_000,
    };
    const row = { ...PERSON, rank: 1, wins: 1, losses: 0, draws: 2 };
    const fake = create([
        data([entry, { ...entry, rating: null, rated: false }]),
        data([]),
        data([row]),
        data([]),
        data({ rank: 1, total: 4, around: [row] }),
        data({ rank: null, total: 4, around: [] }),
    ]);
    const [first, second] = await fake.duel.history();
    assert.deepEqual(first, {
        match: MATCH,
        opponent: GONE,
        outcome: "win",
        reason: "score",
        score: [3, 1],
        rating: { before: 1000, after: 1016 },
        rated: true,
        isVoid: false,
        completedAt: 999_000,
    });
    assert.equal(second.rating, null);
    await fake.duel.history({ limit: 7, before: MATCH });
    assert.deepEqual(await fake.duel.leaderboard({ limit: 25, offset: 50 }), [row]);
    await fake.duel.leaderboard();
    assert.deepEqual(await fake.duel.ownRank(), { rank: 1, total: 4, around: [row] });
    assert.equal((await fake.duel.ownRank()).rank, null);
    assert.deepEqual(
        fake.asked.map(({ call }) => call),
        [
            "GET /history?limit=20",
            `GET /history?limit=7&before=${MATCH}`,
            "GET /leaderboard?limit=25&offset=50",
            "GET /leaderboard?limit=100&offset=0",
            "GET /leaderboard/me",
            "GET /leaderboard/me",
        ],
    );
    assert.deepEqual(
        fake.asked.map(({ signed }) => signed),
        [true, true, false, false, true, true],
    );
});

test("a match from outside: an invitation, one that is over", async () => {
    const waiting = {
        match: MATCH,
        phase: "waiting",
        rated: true,
        players: [PERSON],
        score: [0, 0],
        rounds: [],
        invitation: { expires_at: 1_600_000 },
    };
    const round = {
        round: 1,
        winner: 1,
        answer: { video: "v", title: "T", channel: null },
        ms: [null, 900],
        score: [0, 1],
    };
    const over = {
        match: MATCH,
        phase: "over",
        you: 1,
        rated: true,
        best_of: 5,
        winner: 1,
        reason: "forfeit",
        score: [0, 1],
        points: [0, 200],
        players: [GONE, PERSON],
        rating: [
            { before: 1000, after: 984 },
            { before: 984, after: 1000 },
        ],
        started_at: 990_000,
        completed_at: 999_000,
        rounds: [
            {
                ...round,
                guesses: [
                    { slot: 1, seq: 1, text: null, correct: true, similarity: 1, ms: 900, raw_ms: 950 },
                    { slot: 0, seq: 1, video: "w", correct: false, similarity: 0, ms: 900, raw_ms: 950 },
                ],
            },
            round,
        ],
    };
    const fake = create([data(waiting), data(over)]);
    const invitation = await fake.duel.lookAt(URL_);
    assert.deepEqual(
        [
            invitation.players.length,
            invitation.rated,
            invitation.invitation,
            invitation.you,
            invitation.winner,
        ],
        [1, true, { expiresAt: 1_600_000 }, null, null],
    );
    const seen = await fake.duel.lookAt(MATCH);
    assert.deepEqual(
        [seen.you, seen.winner, seen.bestOf, seen.points, seen.rating[0].after, seen.completedAt],
        [1, 1, 5, [0, 200], 984, 999_000],
    );
    assert.deepEqual(seen.rounds[0].answer, { video: "v", title: "T", channel: "" });
    assert.deepEqual(
        seen.rounds[0].guesses.map(({ text, video, rawMs }) => [text, video, rawMs]),
        [
            [null, undefined, 950],
            [undefined, "w", 950],
        ],
    );
    assert.equal(seen.rounds[1].guesses, null, "what others typed is not told");
    assert.ok(Object.isFrozen(seen.rounds[0].guesses));
    await assert.rejects(fake.duel.lookAt("x"), TypeError);
});

test("answers of another shape are told, not believed", async () => {
    const row = { ...PERSON, rank: 1, wins: 1, losses: 0, draws: 0 };
    for (const [call, value] of [
        ["history", {}],
        ["history", [{ match: "x" }]],
        ["leaderboard", Array(101).fill(row)],
        ["leaderboard", [{ ...row, rating: "1" }]],
        ["ownRank", { rank: 1, total: 1 }],
        ["invite", { ...INVITE, url: 1 }],
    ]) {
        await assert.rejects(create([data(value)]).duel[call](), { code: "BAD_ANSWER" }, call);
    }
    await assert.rejects(create([data({ match: MATCH })]).duel.lookAt(MATCH), { code: "BAD_ANSWER" });
});
