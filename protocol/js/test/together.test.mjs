// Friends and rematches through the client, and what is read of them afterwards, against the real server.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";
import { within } from "../../../tests/integration/lib/client.mjs";
import { World } from "../../../tests/integration/lib/world.mjs";
import { matchIn } from "../index.js";
import { client, createStorage, meet, see, startWire, when } from "./lib.mjs";

let world;
const duels = [];
before(async () => {
    world = await World.start({
        env: { DUEL_INVITE_URL: "https://framedle.test/duel?invite={match}", DUEL_REMATCH_MS: "20000" },
    });
});
after(() => world?.stop());
afterEach(() => {
    for (const duel of duels.splice(0)) {
        duel.leave();
        duel.reset();
    }
});
const player = (sub, options) => client(duels, world, sub, options);
const playing = (duel) => when(duel, ({ status }) => status === "playing", "playing");
const over = (duel) => when(duel, ({ status }) => status === "over", "over");

/** The first round is on; then `loser` gives up. */
async function forfeit(loser, ...both) {
    await Promise.all(both.map((duel) => see(duel, 1)));
    loser.leave();
    await Promise.all(both.map(over));
}

test("a friend comes by the link; the match is friendly, and in both histories", async () => {
    await world.player("jtana0000001", { name: "Ana" });
    await world.player("jtbia0000002", { name: "Bia" });
    const [ana, bia] = [player("jtana0000001"), player("jtbia0000002")];
    const invitation = await ana.invite();
    assert.equal(invitation.url, `https://framedle.test/duel?invite=${invitation.match}`);
    assert.equal(matchIn(invitation.url), invitation.match);
    const { match } = await when(ana, ({ status }) => status === "inviting", "inviting");
    assert.deepEqual(
        [match.invitation.url, match.rated, match.players[match.you].name],
        [invitation.url, false, "Ana"],
    );
    assert.ok(match.invitation.expiresAt > Date.now() + 500_000);

    const look = await bia.lookAt(invitation.url);
    assert.deepEqual(
        [look.phase, look.rated, look.players.map(({ name }) => name), look.you],
        ["waiting", false, ["Ana"], null],
    );
    bia.open(invitation.url);
    await Promise.all([ana, bia].map(playing));
    assert.equal(ana.state.match.invitation, null);
    assert.deepEqual(ana.state.match.players.map(({ name }) => name).sort(), ["Ana", "Bia"]);
    const third = player("jtcla0000003");
    third.open(invitation.match);
    assert.equal(
        (await when(third, ({ status }) => status === "failed", "4403")).problem.code,
        "NOT_YOUR_MATCH",
    );

    await forfeit(bia, ana, bia);
    assert.deepEqual([ana.state.match.end.outcome, ana.state.match.end.rating], ["win", null]);
    await world.storedMatch(invitation.match);
    const [entry] = await ana.history({ limit: 5 });
    assert.deepEqual(
        [entry.match, entry.opponent.name, entry.outcome, entry.rated],
        [invitation.match, "Bia", "win", false],
    );
    assert.deepEqual(await ana.ownRank(), { rank: null, total: 0, around: [] });
    const seen = await bia.lookAt(invitation.match);
    assert.deepEqual([seen.phase, seen.reason, seen.rating], ["over", "forfeit", null]);
});

test("an invitation survives a reload, and is taken back by its maker", async () => {
    const storage = createStorage();
    const wire = await startWire(world.port);
    const ana = player("jtrel0000001", { storage, server: `http://127.0.0.1:${wire.port}` });
    const { match } = await ana.invite();
    await when(ana, ({ status }) => status === "inviting", "inviting");
    const kept = storage.getItem("framedle.duel.match");
    wire.lose(); // the page is gone, and could not say anything
    ana.reset();
    await wire.stop();
    storage.setItem("framedle.duel.match", kept);
    const again = player("jtrel0000001", { storage });
    assert.equal(await again.resume(), true);
    assert.equal((await when(again, ({ status }) => status === "inviting", "inviting")).match.id, match);
    await again.withdraw();
    await when(again, ({ status }) => status === "idle", "idle");
    assert.equal(storage.getItem("framedle.duel.match"), null);
    const bia = player("jtrel0000002");
    await assert.rejects(bia.lookAt(match), { code: "INVITE_WITHDRAWN" });
    bia.open(match);
    assert.equal(
        (await when(bia, ({ status }) => status === "failed", "4404")).problem.code,
        "INVITE_WITHDRAWN",
    );

    const other = await again.invite();
    await when(again, ({ status }) => status === "inviting", "inviting");
    await player("jtrel0000001").withdraw(other.url); // from another device
    const { problem } = await when(again, ({ status }) => status === "failed", "the end");
    assert.equal(problem.code, "INVITE_WITHDRAWN");
    await assert.rejects(bia.lookAt(other.match), { code: "INVITE_WITHDRAWN" });
    await assert.rejects(again.invite({ rated: true }), { code: "RATED_NEEDS_OPPONENTS" });
});

test("three rematches: offered, taken back, declined, accepted, and the series goes on", async () => {
    const [ana, bia] = [player("jtrem0000001"), player("jtrem0000002")];
    await meet(ana, bia);
    await forfeit(bia, ana, bia);
    const first = ana.state.match.id;
    const told = (duel, status) => when(duel, ({ match }) => match.rematch?.status === status, status);

    ana.rematch(true);
    const offered = await told(bia, "offered");
    assert.equal(offered.match.rematch.slot, 1 - offered.match.you);
    ana.rematch(false);
    const { match: back } = await told(bia, "declined");
    assert.deepEqual([back.rematch.slot, back.rematch.offeredBy], [1 - back.you, 1 - back.you], "taken back");

    bia.rematch(true);
    await told(ana, "offered");
    ana.rematch(true);
    await Promise.all(
        [ana, bia].map((duel) =>
            when(duel, ({ status, match }) => status === "playing" && match.id !== first, "the rematch"),
        ),
    );
    assert.equal(ana.state.match.id, bia.state.match.id);
    const own = ({ series, you }) => [series[you], series[1 - you]];
    assert.deepEqual(
        [own(ana.state.match), own(bia.state.match)],
        [
            [1, 0],
            [0, 1],
        ],
    );
    assert.equal(ana.state.match.rated, true);
    assert.notEqual(ana.state.found, null);

    await forfeit(ana, ana, bia);
    bia.rematch(true);
    await told(ana, "offered");
    ana.rematch(false);
    const { match: declined } = await told(bia, "declined");
    assert.deepEqual([declined.rematch.slot, declined.rematch.offeredBy], [1 - declined.you, declined.you]);
    const refused = new Promise((done) => bia.on("problem", done));
    bia.rematch(true);
    assert.equal((await within(refused, "a refusal")).code, "REMATCH_DECLINED");
    ana.rematch(true);
    await told(bia, "offered");
    bia.rematch(true);
    await Promise.all([ana, bia].map(playing));
    assert.deepEqual(own(ana.state.match), [1, 1]);
});

test("the README's example of friends", async () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const [, code] = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, text]) => text);
    const AsyncFunction = (async () => {}).constructor;
    await world.player("jtread000001", { name: "Rui" });
    const [ana, bia] = [player("jtread000001"), player("jtread000002")];
    const lines = [];
    await new AsyncFunction("ana", "bia", "console", code)(ana, bia, { log: (line) => lines.push(line) });
    await Promise.all([ana, bia].map(playing));
    const first = ana.state.match.id;
    await Promise.all([ana, bia].map((duel) => see(duel, 1)));
    bia.leave();
    await Promise.all(
        [ana, bia].map((duel) =>
            when(duel, ({ status, match }) => status === "playing" && match.id !== first, "the rematch"),
        ),
    );
    assert.equal(lines[0], "Rui invites you to a friendly duel");
    assert.ok(lines.includes("offered") && lines.includes("accepted"), lines.join());
    assert.equal(ana.state.match.rated, false);
});
