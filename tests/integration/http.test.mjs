// Routes, prefixes, CORS, sealed frames over HTTP, and what never gets out (contract sections 1 and 6).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Connection, meet, openFrame, startRound } from "./lib/client.mjs";
import { World } from "./lib/world.mjs";

let world;
before(async () => {
    world = await World.start();
});
after(() => world?.stop());

test("me: a first-time player gets a row", async () => {
    const player = await world.player("newcomer0001");
    const { status, body, headers } = await player.get("/me");
    assert.equal(status, 200);
    assert.equal(body.error, null);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    const { rows } = await world.db.query("select * from users where auth_provider_id = 'newcomer0001'");
    assert.equal(rows.length, 1);
    assert.deepEqual(body.data, {
        id: rows[0].id, name: "Player", avatar: null, country: null, rating: 1000,
        wins: 0, losses: 0, draws: 0, match: null, notice: null,
        queue: { ...body.data.queue, status: "idle" },
    });
});

test("names are cut at 32 code points and lose control characters", async () => {
    const name = `A\u0007\u0085${"ç".repeat(40)}`;
    const player = await world.player("longname0001", { name });
    assert.equal((await player.get("/me")).body.data.name, `A${"ç".repeat(31)}`);
});

test("a proxy that strips the prefix is served too", async () => {
    const player = await world.player("stripped0001");
    const origin = `http://127.0.0.1:${world.port}`;
    const headers = { Authorization: `Bearer ${player.token}` };
    for (const path of ["/me", "/api/duel/me", "/api/duel/n/a/me", "/api/duel/n/other/me"]) {
        assert.equal((await fetch(origin + path, { headers })).status, 200, path);
    }
    for (const path of ["/api/duelist", "/api/duel", "/api/duel/", "/api/duel/me/", "/api/duel/me/x", "/api/duel/n/a/n/b/me"]) {
        assert.equal((await fetch(origin + path, { headers })).status, 404, path);
    }
    const socket = new Connection(`${origin.replace("http", "ws")}/queue`, { token: player.token });
    await socket.take("queued");
    await socket.close();
});

test("CORS answers preflights and echoes only origins on the list", async () => {
    const preflight = (origin) => fetch(`${world.base}/me`, {
        method: "OPTIONS",
        headers: { Origin: origin, "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization" },
    });
    const allowed = await preflight("https://framedle.wtf");
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers.get("access-control-allow-origin"), "https://framedle.wtf");
    assert.match(allowed.headers.get("access-control-allow-headers"), /authorization/i);
    assert.match(allowed.headers.get("vary") ?? "", /origin/i);
    const foreign = await preflight("https://evil.example");
    assert.equal(foreign.headers.get("access-control-allow-origin"), null);
    const answer = await fetch(`${world.base}/me`, { headers: { Origin: "tauri://localhost" } });
    assert.equal(answer.headers.get("access-control-allow-origin"), "tauri://localhost");
});

test("the ops listener answers, the public one does not", async () => {
    const ops = `http://127.0.0.1:${world.opsPort}`;
    assert.equal((await fetch(`${ops}/healthz`)).status, 200);
    assert.equal((await fetch(`${ops}/readyz`)).status, 200);
    const metrics = await (await fetch(`${ops}/metrics`)).text();
    assert.match(metrics, /^# TYPE duel_/m);
    assert.equal((await fetch(`${ops}/api/duel/me`)).status, 404);
});

test("a frame serves five times, each seat has its own, and nothing tells what it is", async () => {
    const { seats } = await meet(await world.player("frames000001"), await world.player("frames000002"));
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
    assert.notEqual(starts[0].frame.url, starts[1].frame.url);
    assert.notDeepEqual(Buffer.from(starts[0].round.key), Buffer.from(starts[1].round.key));
    assert.equal(starts[0].frame.size % 32768, 28, "IV and tag around a multiple of 32 KiB");
    assert.equal(starts[0].frame.type, "image/png");
    const { frame, round, image } = starts[0];
    const url = new URL(frame.url, world.base);
    for (let serve = 2; serve <= 5; serve++) {
        const response = await fetch(url);
        assert.equal(response.status, 200);
        assert.equal(response.headers.get("content-type"), "application/octet-stream");
        const body = Buffer.from(await response.arrayBuffer());
        assert.deepEqual(await openFrame(body, round.key, frame.url), image);
    }
    assert.equal((await fetch(url)).status, 404);
    assert.equal((await fetch(new URL(starts[1].frame.url, world.base))).status, 200);
    const video = world.videoOf(image);
    for (const seat of seats) {
        const told = JSON.stringify(seat.socket.arrived);
        for (const secret of [video.id, video.title, video.channel, "frames/", ".png"]) {
            assert.ok(!told.includes(secret), `${secret} was told before the round's end`);
        }
        seat.socket.send({ t: "leave" });
        await seat.socket.take("match_end");
    }
    assert.ok(!world.log.includes(seats[0].player.token), "no token in the log");
    assert.ok(!world.log.includes(seats[0].matched.resume), "no ticket in the log");
    assert.ok(!world.log.includes(frame.url.split("/").at(-1)), "no frame token in the log");
});

test("several messages for one socket leave as one array, in order", async () => {
    const { seats } = await meet(await world.player("batches00001"), await world.player("batches00002"));
    await Promise.all(seats.map((seat) => startRound(seat, 1)));
    assert.ok(seats.some((seat) => seat.socket.frames.some((size) => size > 1)));
    for (const seat of seats) {
        assert.equal(seat.socket.arrived[0].t, "welcome");
        seat.socket.cut();
    }
});

test("messages right behind auth are served in order", async () => {
    const player = await world.player("behind000001");
    const socket = new Connection(`${world.base.replace("http", "ws")}/queue`);
    await socket.opened;
    socket.send({ t: "auth", token: player.token });
    for (let ts = 1; ts <= 5; ts++) {
        socket.send({ t: "ping", ts });
    }
    for (let ts = 1; ts <= 5; ts++) {
        assert.equal((await socket.take("pong")).ts, ts);
    }
    await socket.close();
});
