// A server that times out, restarts and dies, and a process that ends when its duel does.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { within } from "../../../tests/integration/lib/client.mjs";
import { World } from "../../../tests/integration/lib/world.mjs";
import { client, createStorage, meet, see, when } from "./lib.mjs";

let world;
const duels = [];
before(async () => {
    world = await World.start({ env: { DUEL_QUEUE_TIMEOUT_MS: "600", DUEL_WAITING_MS: "300" } });
});
after(() => world?.stop());
afterEach(() => duels.splice(0).forEach((duel) => duel.reset()));
const player = (sub, options) => client(duels, world, sub, options);

test("nobody comes: a problem that can be told, and another search", async () => {
    const ana = player("jssrv0000001");
    ana.search();
    await when(ana, ({ queue }) => queue?.waiting === 1, "queued");
    const { problem, connection, queue } = await when(ana, ({ status }) => status === "failed",
        "the timeout");
    assert.deepEqual([problem.code, problem.close, problem.final, connection, queue],
        ["QUEUE_TIMEOUT", 4408, true, "none", null]);
    ana.search();
    const again = await when(ana, ({ queue: one }) => one !== null, "queued again");
    assert.equal(again.problem, null);
});

test("the opponent never comes: who did is told", async () => {
    const ana = player("jssrv0000002");
    const absent = player("jssrv0000003");
    absent.on("matched", () => absent.reset());
    ana.search();
    absent.search();
    const { match } = await when(ana, ({ status }) => status === "over", "the end");
    assert.deepEqual([match.end.outcome, match.end.reason, match.rounds], ["none", "abandoned", []]);
    const told = new Promise((done) => ana.on("problem", done));
    ana.rematch(true);
    assert.equal((await within(told, "an answer")).code, "REMATCH_UNAVAILABLE");
});

test("a restart in mid-match: the client comes back by itself, and is told what became of it", async () => {
    const storage = createStorage();
    const ana = player("jssrv0000004", { storage, random: () => 0.2 });
    const bia = player("jssrv0000005", { random: () => 0.2 });
    await meet(ana, bia);
    await see(ana, 1);
    const exit = world.terminate();
    const lines = [];
    ana.on("state", ({ connection, problem }) => lines.push([connection, problem?.code]));
    const offline = await when(ana, ({ connection }) => connection === "offline", "offline");
    assert.equal(offline.problem.code, "RESTARTING");
    assert.equal(offline.match.round.number, 1, "what is known stays");
    await exit;
    await world.serve();
    await world.ready();
    // Whether the match lives on is the server's affair: it welcomes, or says that it is gone.
    const back = await when(ana, ({ status, connection }) => connection === "online" || status === "failed",
        "word");
    assert.ok(back.match !== null);
    if (back.status === "failed") {
        assert.ok(["MATCH_OVER", "NO_SUCH_MATCH"].includes(back.problem.code), back.problem.code);
        assert.equal(back.connection, "none");
        assert.equal(storage.getItem("framedle.duel.match"), null, "nothing to go back to");
    }
    assert.ok(lines.some(([connection]) => connection === "connecting"));
});

test("killed while one waits in the queue: the search goes on", async () => {
    const ana = player("jssrv0000006", { random: () => 0.2 });
    ana.search();
    await when(ana, ({ queue }) => queue !== null, "queued");
    await world.terminate("SIGKILL");
    await when(ana, ({ connection }) => connection === "offline", "offline");
    await world.serve({ DUEL_QUEUE_TIMEOUT_MS: "8000" });
    await world.ready();
    await when(ana, ({ connection, status }) => connection === "online" && status === "searching",
        "queued again");
    const bia = player("jssrv0000007");
    bia.search();
    await when(ana, ({ status }) => status === "playing", "playing");
});

test("a server that is away is waited for; a wrong address is told", async () => {
    const nobody = player("jssrv0000008", { server: "http://127.0.0.1:1", random: () => 0 });
    nobody.search();
    const { problem, status } = await when(nobody, ({ connection }) => connection === "offline", "offline");
    assert.deepEqual([problem.code, problem.final, status], ["CANNOT_CONNECT", false, "searching"]);
    await assert.rejects(nobody.me(), { code: "CANNOT_CONNECT" });
    nobody.reset();
    await assert.rejects(nobody.resume(), { code: "CANNOT_CONNECT" });
    for (const options of [{ server: "ftp://x" }, { server: "nowhere" }, { basePath: "/a b" },
        { token: null }]) {
        assert.throws(() => player("x", options), TypeError);
    }
});

test("after reset() nothing keeps the process", async () => {
    const script = `
        import { WebSocket } from "ws";
        import { createDuel } from "./index.js";
        const duel = createDuel({ server: "http://127.0.0.1:${world.port}", WebSocket,
            token: () => ${JSON.stringify(await world.token("jssrv0000009"))} });
        duel.on("state", ({ queue }) => queue && duel.state.status === "searching" && duel.reset());
        duel.search();`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script],
        { cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: ["ignore", "ignore", "inherit"] });
    const code = await within(new Promise((done) => child.on("exit", done)),
        "the process's end").finally(() =>
        child.kill("SIGKILL"));
    assert.equal(code, 0);
});
