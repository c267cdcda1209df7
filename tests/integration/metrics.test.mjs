// What /metrics says after things have happened, and that whatever reads it (the page docs/metrics.md, the
// dashboard, the alerts) names metrics that a server has.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { alertQueries, metricsIn, queriesOf, readDashboard } from "../alerts/queries.mjs";
import { meet } from "./lib/client.mjs";
import { takeEnds, winRound } from "./lib/play.mjs";
import { World } from "./lib/world.mjs";

let world;
before(async () => {
    world = await World.start();
});
after(() => world?.stop());

const PAGE = new URL("../../docs/metrics.md", import.meta.url);

/** Samples by their name and labels as they are written, and types by family. */
async function scrape() {
    const response = await fetch(`${world.server.ops}/metrics`);
    assert.match(response.headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
    const samples = new Map();
    const types = new Map();
    for (const line of (await response.text()).split("\n")) {
        const type = line.match(/^# TYPE (\S+) (\S+)$/);
        const sample = line.match(/^([^#\s].*) (\S+)$/);
        if (type) {
            types.set(type[1], type[2]);
        } else if (sample) {
            assert.ok(!samples.has(sample[1]), `${sample[1]} is there once`);
            samples.set(sample[1], Number(sample[2]));
        }
    }
    return { samples, types };
}

/** By how much each sample grows while `act` runs. */
async function growth(act) {
    const { samples: before } = await scrape();
    await act();
    const { samples: now } = await scrape();
    return (name) => {
        assert.ok(now.has(name), `${name} is there`);
        return now.get(name) - before.get(name);
    };
}

async function settled(act, name, count) {
    const { samples } = await scrape();
    await act();
    await world.until(async () => (await scrape()).samples.get(name) >= samples.get(name) + count, name);
}

async function newPair(number) {
    return meet(await world.player(`metric00000${number}`, { name: "Ana", rating: 1000 }),
        await world.player(`metric00001${number}`, { name: "Bia", rating: 1000 }));
}

test("a match that is played leaves its traces", async () => {
    const grew = await growth(() => settled(async () => {
        const { seats } = await newPair(1);
        for (let round = 1; round <= 3; round++) {
            await winRound(world, seats, 0, round);
        }
        await takeEnds(seats);
    }, 'duel_events_total{event="result_published"}', 1));
    assert.equal(grew('duel_matches_ended_total{outcome="score"}'), 1);
    assert.equal(grew('duel_matches_ended_total{outcome="draw"}'), 0);
    assert.equal(grew("duel_guess_verdict_seconds_count"), 3);
    assert.ok(grew("duel_guess_verdict_seconds_sum") > 0);
    assert.ok(grew("duel_guess_verdict_seconds_sum") < 30);
    assert.equal(grew("duel_lag_credit_seconds_count"), 3);
    assert.equal(grew("duel_round_skew_seconds_count"), 3);
    assert.equal(grew("duel_queue_wait_seconds_count"), 2, "both had waited, one of them hardly");
    assert.equal(grew("duel_frame_ready_seconds_count"), 3);
    assert.ok(grew("duel_saves_total") >= 3);
    assert.ok(grew("duel_save_wait_seconds_count") >= 3);
    for (const store of ["postgresql", "valkey"]) {
        assert.ok(grew(`duel_store_answer_seconds_count{store="${store}"}`) > 0, store);
        assert.ok(grew(`duel_store_answer_seconds_sum{store="${store}"}`) > 0, store);
    }
    assert.equal(grew('duel_store_answer_seconds_count{store="frames"}'), 0, "they are in a folder");
    assert.ok(grew('duel_http_answers_total{status="200"}') >= 6, "the pictures");
    assert.equal(grew('duel_websockets_closed_total{code="1000"}'), 2, "those of the queue");
});

test("how a match comes to nothing is told apart", async () => {
    const grew = await growth(() => settled(async () => {
        const { seats } = await newPair(2);
        seats[1].socket.send({ t: "leave" });
        await Promise.all(seats.map((seat) => seat.socket.take("match_end")));
        const { seats: others } = await newPair(3);
        await winRound(world, others, 0, 1);
        others[1].socket.send({ t: "leave" });
        await takeEnds(others);
    }, 'duel_matches_ended_total{outcome="forfeit"}', 1));
    assert.equal(grew('duel_matches_ended_total{outcome="left"}'), 1);
    assert.equal(grew('duel_matches_ended_total{outcome="forfeit"}'), 1);
    assert.equal(grew('duel_matches_ended_total{outcome="score"}'), 0);
});

test("a refusal is counted by the code that was told", async () => {
    const player = await world.player("metric000004");
    const grew = await growth(async () => {
        assert.equal((await player.get("/search?q=a&limit=x")).body.error.code, "BAD_LIMIT");
        const nobody = await fetch(`${world.server.base}/me`, { headers: { Authorization: "Bearer x.y.z" } });
        assert.equal(nobody.status, 401);
        const socket = await player.queue();
        await socket.take("queued");
        socket.send({ t: "guess", round: 1, seq: 1, text: "a" });
        assert.equal((await socket.take("error")).code, "WRONG_SOCKET");
        socket.send({ t: "nonsense" });
        assert.equal((await socket.ends()).code, 4400);
    });
    assert.equal(grew('duel_refusals_total{reason="BAD_LIMIT"}'), 1);
    assert.equal(grew('duel_refusals_total{reason="AUTH_MALFORMED_TOKEN"}'), 1);
    assert.equal(grew('duel_refusals_total{reason="WRONG_SOCKET"}'), 1);
    assert.equal(grew('duel_refusals_total{reason="other"}'), 0);
    assert.equal(grew('duel_websockets_closed_total{code="4400"}'), 1);
    assert.equal(grew('duel_websockets_closed_total{code="other"}'), 0);
    assert.equal(grew('duel_http_answers_total{status="400"}'), 1);
    assert.equal(grew('duel_http_answers_total{status="401"}'), 1);
    assert.equal(grew('duel_http_answers_total{status="other"}'), 0);
});

test("a server that serves says so, and since when", async () => {
    const { samples } = await scrape();
    assert.equal(samples.get("duel_ready"), 1);
    const age = Date.now() / 1000 - samples.get("process_start_time_seconds");
    assert.ok(age > 0 && age < 600, `started ${age} s ago`);
    assert.ok(samples.get("duel_connections_max") >= 8);
    assert.ok(samples.get("duel_matches_max") > 0);
    assert.ok(samples.get("process_resident_memory_bytes") > 1e6);
});

test("Prometheus has nothing to find fault with", async (t) => {
    const promtool = fileURLToPath(new URL("../../.local/prometheus/usr/bin/promtool", import.meta.url));
    if (!existsSync(promtool)) {
        t.skip("promtool comes with the suite `alerts`");
        return;
    }
    const text = await (await fetch(`${world.server.ops}/metrics`)).text();
    const { status, stderr } = spawnSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8" });
    assert.equal(stderr, "");
    assert.equal(status, 0);
});

test("the page lists what there is", async () => {
    const { types } = await scrape();
    const rows = readFileSync(PAGE, "utf8").matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \|/gm);
    const page = new Map([...rows].map(([, name, type]) => [name, type]));
    assert.deepEqual([...types].sort(), [...page].sort());
});

test("dashboard and alerts ask for what there is", async () => {
    const { samples, types } = await scrape();
    const queries = [...queriesOf(readDashboard()).map(({ expr }) => expr), alertQueries()];
    for (const name of metricsIn(queries.join("\n"))) {
        assert.ok(types.has(name), `${name} is on /metrics`);
    }
    // Labels, too: what is asked for by an exact value has to be there.
    const families = new Map();
    for (const name of samples.keys()) {
        const family = name.replace(/\{.*/, "");
        families.set(family, `${families.get(family) ?? ""}\n${name}`);
    }
    for (const query of queries) {
        for (const [, name, labels] of query.matchAll(/\b((?:duel|process)_\w+)\{([^}]*)\}/g)) {
            for (const [label] of labels.matchAll(/\b(?!job|instance|le)[a-z]+="[^"]*"/g)) {
                assert.ok(families.get(name).includes(label), `${name} has ${label}`);
            }
        }
    }
});
