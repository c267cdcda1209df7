// The reference servers as processes, and the sums of the benchmark.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { decode, encode } from "@msgpack/msgpack";
import { WebSocket } from "ws";
import { bucketBound, row, shown } from "../../loadtest/lib/bench-rows.mjs";
import { solve } from "../../loadtest/lib/bench-limits.mjs";
import { freePort } from "../../loadtest/lib/processes.mjs";

const MATCH = "00000000-0000-4000-8000-00000000000a";
const running = [];

after(() => running.forEach((child) => child.kill("SIGKILL")));

async function reference(name) {
    const port = await freePort();
    const child = spawn(join(dirname(process.env.DUEL_SERVER), `${name}-reference`), ["--port", String(port)],
        { stdio: ["ignore", "pipe", "inherit"] });
    running.push(child);
    const exit = new Promise((done) => child.on("exit", (code) => done(code)));
    await new Promise((done) => child.stdout.once("data", done));
    return { child, exit, url: `ws://127.0.0.1:${port}/api/duel/match/${MATCH}` };
}

/** A socket whose messages are taken one by one. */
class Seat {
    #waiting = [];
    #come = [];

    constructor(url) {
        this.socket = new WebSocket(url, "framedle.duel.v1");
        this.closed = new Promise((done) => this.socket.on("close", done));
        this.socket.on("error", () => {});
        this.socket.on("message", (data) => {
            const message = decode(data);
            const taker = this.#waiting.shift();
            taker ? taker(message) : this.#come.push(message);
        });
    }

    take() {
        return this.#come.length > 0 ? this.#come.shift() : new Promise((done) => this.#waiting.push(done));
    }

    send(message) {
        this.socket.send(encode(message));
    }
}

for (const name of ["relay", "bare"]) {
    describe(`the ${name} reference`, () => {
        it("says what a match says, for ever, and goes when it is told to", async () => {
            const { child, exit, url } = await reference(name);
            const seats = [new Seat(url)];
            assert.equal((await seats[0].take()).you, 0);
            seats.push(new Seat(url));
            const welcome = await seats[1].take();
            assert.deepEqual([welcome.t, welcome.you, welcome.match], ["welcome", 1, MATCH]);
            for (let at = 0; at < 27; at++) {
                await playRound(seats, at % 25 + 1);
            }
            const third = new Seat(url);
            await third.closed;
            seats[1].socket.terminate();
            await seats[1].closed;
            child.kill("SIGTERM");
            assert.equal(await exit, 0);
        });
    });
}

async function playRound(seats, round) {
    for (const seat of seats) {
        const message = await seat.take();
        assert.deepEqual([message.t, message.round], ["round", round]);
    }
    const [first, second] = round % 2 ? seats : [seats[1], seats[0]];
    first.send({ t: "guess", round, seq: 7, text: "x".repeat(150) });
    const wrong = await first.take();
    assert.deepEqual([wrong.t, wrong.seq, wrong.correct], ["verdict", 7, false]);
    assert.equal((await second.take()).t, "opponent");
    second.send({ t: "guess", round, seq: 300, text: "right" });
    const right = await second.take();
    assert.deepEqual([right.seq, right.correct], [300, true]);
    assert.equal((await first.take()).t, "opponent");
    assert.deepEqual([(await first.take()).t, (await second.take()).t], ["round_end", "round_end"]);
}

describe("the sums of a benchmark", () => {
    it("tell the price of a guess from that of a match", () => {
        const of = (guesses, matches) => [{ cpuUs: 12 * guesses + 300 * matches, guesses, matches }];
        const { guessUs, matchUs } = solve(of(50_000, 1_000), of(40_000, 4_000));
        assert.ok(Math.abs(guessUs - 12) < 1e-9 && Math.abs(matchUs - 300) < 1e-9);
    });

    it("judge what was asked, and nothing that was not measured", () => {
        assert.equal(row("x", 3, "ms", { most: 3 }).ok, true);
        assert.equal(row("x", 3.1, "ms", { most: 3 }).ok, false);
        assert.equal(row("x", 0.7, "", { least: 0.8 }).ok, false);
        assert.equal(row("x", null, "ms", { most: 3 }).ok, null);
        assert.equal(row("x", 3, "ms").ok, null);
        assert.equal(shown(0.012345), "0.0123");
    });

    it("find the bucket of a share", () => {
        const metrics = new Map([["w_bucket{le=\"0.001\"}", 98], ["w_bucket{le=\"0.01\"}", 99],
            ["w_bucket{le=\"+Inf\"}", 100], ["w_count", 100]]);
        assert.equal(bucketBound(metrics, "w", 0.99), 0.01);
        assert.equal(bucketBound(metrics, "w", 0.995), Infinity);
        assert.equal(bucketBound(new Map(), "w", 0.99), null);
    });
});
