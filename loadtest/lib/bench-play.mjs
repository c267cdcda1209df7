// Benchmarks of play as people do it: many matches, pictures, the queue, slow lines, growth and time.

import { ANSWER } from "./bench-content.mjs";
import { HELD } from "./bench-limits.mjs";
import { bucketBound, faults, known, ms, row, sum } from "./bench-rows.mjs";

/** Many rounds in little time. */
const STEADY = {
    DUEL_COUNTDOWN_MS: "500", DUEL_INTERMISSION_MS: "500", DUEL_BEST_OF: "25", DUEL_LOCKOUT_MS: "0",
};
const MB = 1e6;

/* One guess in seven is right, so a round takes some ten seconds. */
const REAL = { mode: "realistic", answer: ANSWER, think: "1000-5000", right: 15 };

function latencies(name, result) {
    return [
        row(`${name}: guess to verdict p50`, ms(result.latency.verdict?.p50_us), "ms"),
        row(`${name}: guess to verdict p99`, ms(result.latency.verdict?.p99_us), "ms", { most: 3 }),
        row(`${name}: guess to verdict p99.9`, ms(result.latency.verdict?.p999_us), "ms", { most: 15 }),
        row(`${name}: load generator late, p99`, ms(result.latency.late?.p99_us), "ms"),
    ];
}

export async function concurrent(world, size) {
    const { matches, seconds, ramp } = size.concurrent;
    const { result, metrics } = await world.withServer({}, async (target) => {
        const done = await world.load(target, "concurrent", { ...REAL, matches, seconds, ramp });
        return { result: done, metrics: await world.metrics(target) };
    });
    const name = `${matches} matches`;
    const skew = bucketBound(metrics, "duel_round_skew_seconds", 0.99);
    const inside = bucketBound(metrics, "duel_guess_verdict_seconds", 0.99);
    return [
        row(`${name}: CPU`, 100 * result.server.cpu_share, "% of a core", { most: 40 }),
        row(`${name}: load generator's CPU`, 100 * result.load.cpu_share, "% of a core"),
        row(`${name}: memory`, result.memory / MB, "MB", { most: 100 }),
        ...latencies(name, result),
        row(`${name}: guess to verdict in the server, p99`, inside === null ? null : 1000 * inside, "ms", {
            note: "bound of its bucket, from the turn's beginning" }),
        row(`${name}: guesses`, result.counts.guesses / seconds, "1/s"),
        row(`${name}: join to matched p99, opponent waits`, ms(result.latency.matched_fit?.p99_us), "ms", {
            most: 20 }),
        row(`${name}: round leaves to both seats, p99`, skew === null ? null : 1000 * skew, "ms", { most: 1,
            note: "bound of the server's bucket" }),
        row(`${name}: round arrives at both seats, p99`, ms(result.latency.skew?.p99_us), "ms"),
        ...faults(name, result),
    ];
}

export async function frames(world, size) {
    const { matches, seconds, ramp } = size.frames;
    const { result, metrics } = await world.withServer({}, async (target) => {
        const done = await world.load(target, "frames", { ...REAL, matches, seconds, ramp, frames: true });
        return { result: done, metrics: await world.metrics(target) };
    });
    const name = `${matches} matches`;
    return [
        row(`${name}: CPU`, 100 * result.server.cpu_share, "% of a core"),
        row(`${name}: memory`, result.memory / MB, "MB"),
        ...latencies(name, result),
        row(`${name}: frames`, result.counts.frames / seconds, "1/s"),
        row(`${name}: sent`, known(result.server.frame_mbit_per_s), "Mbit/s", {
            note: "this is what bounds a small server's line" }),
        row(`${name}: catalogue`, metrics.get("duel_catalogue_videos"), "videos", {
            note: "100 of them drawable, 5 MB of pictures; the cache may hold 32 MiB" }),
        ...faults(name, result),
    ];
}

export async function pairing(world, size) {
    const name = `${2 * size.pairing.matches} players at once`;
    const result = await world.withServer(HELD,
        (target) => world.load(target, "pairing", { mode: "pairing", ...size.pairing }));
    return [
        row(`${name}: first join to last matched`, known(result.pairing?.s), "s", { most: 2 }),
        row(`${name}: join to matched p50`, ms(result.latency.matched?.p50_us), "ms"),
        row(`${name}: join to matched p99`, ms(result.latency.matched?.p99_us), "ms"),
        ...faults(name, result),
    ];
}

// ---- fairness ----

/** Of both ways together; as duel-load wants it, of one way; and the share of rounds that it may win. */
const LINES = [
    ["200 ms of delay", "100", [47, 53]], ["100 ± 60 ms of jitter, 2 % lost", "50+-30,2", [45, 55]],
];

/** All answer right, after times drawn alike. `line`: of every second player; `asked`: the share of rounds
 * that it may win. */
async function fairLine(world, { matches, seconds }, what, line, asked) {
    const options = { mode: "realistic", matches, seconds, ramp: 2, line, right: 100, think: "500-2500",
        answer: ANSWER };
    const result = await world.withServer(STEADY, (target) => world.load(target, "fairness", options));
    const won = result.fairness?.won ?? [0, 0];
    const rounds = sum(won);
    const nobody = result.fairness?.won_by_nobody ?? 0;
    const error = (50 / Math.sqrt(rounds)).toFixed(1);
    return [
        row(`${what}: slow line wins`, 100 * won[1] / rounds, "%", { within: asked,
            note: `of ${rounds} rounds, and ${nobody} nobody's; standard error ${error}` }),
        ...faults(what, result),
    ];
}

export async function fairness(world, size) {
    const rows = [];
    for (const [what, line, asked] of LINES) {
        rows.push(...await fairLine(world, size.fairness, what, line, asked));
    }
    return rows;
}

// ---- growth and time ----

const GROWN_FROM = 50; // matches: what is there once for all is paid for with the first

export async function growth(world, size) {
    const { seconds, ramp } = size.growth;
    const measure = (matches) => world.withServer({}, async (target) => {
        const result = await world.load(target, `growth-${matches}`, { ...REAL, matches, seconds, ramp });
        return { matches, result, cpu: 1e6 * result.server.cpu_share / matches };
    });
    const base = await measure(GROWN_FROM);
    const points = [];
    for (const matches of size.growth.matches) {
        const point = await measure(matches);
        const more = point.result.memory - base.result.memory;
        points.push({ ...point, bytes: more / (matches - GROWN_FROM) });
    }
    const spread = (what) => {
        const all = points.map((one) => one[what]);
        return 100 * (Math.max(...all) / Math.min(...all) - 1);
    };
    return [
        ...points.map((one) => row(`${one.matches} matches: CPU a match`, one.cpu, "us/s")),
        ...points.map((one) => row(`${one.matches} matches: memory a match`, one.bytes / 1000, "kB", {
            note: `more than with ${GROWN_FROM} matches` })),
        row("CPU a match differs by", spread("cpu"), "%", { most: 20 }),
        row("memory a match differs by", spread("bytes"), "%", { most: 20 }),
        ...faults("all", ...points.map((one) => one.result)),
    ];
}

export async function soak(world, size) {
    const { matches, seconds, settle } = size.soak;
    const result = await world.withServer({}, (target) => world.load(target, "soak",
        { ...REAL, mode: "soak", matches, seconds, ramp: 20, drops: 0.5, leave: 2, rematch: 30 }));
    const from = result.samples[0]?.at_s ?? 0;
    const sizes = result.samples.filter((one) => one.server_rss_bytes > 0);
    const early = sizes.find((one) => one.at_s - from >= settle)?.server_rss_bytes;
    const late = sizes.at(-1)?.server_rss_bytes;
    const name = `${matches} matches, ${Math.round(seconds / 60)} min`;
    return [
        row(`${name}: memory after ${Math.round(settle / 60)} min`, early / MB, "MB"),
        row(`${name}: memory at the end`, late / MB, "MB"),
        row(`${name}: grown by`, 100 * (late / early - 1), "%", { most: 3 }),
        row(`${name}: connections dropped and resumed`, result.counts.resumes, ""),
        ...faults(name, result),
    ];
}
