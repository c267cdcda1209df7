// Benchmarks of what the server costs at its limits: a guess, a socket, a connection; beside the references.

import { ANSWER } from "./bench-content.mjs";
import { faults, known, mean, ms, row, sum } from "./bench-rows.mjs";

const MB = 1e6;

/** As fast as the settings allow: no pauses between rounds, and the longest matches. */
const QUICK = {
    DUEL_COUNTDOWN_MS: "0", DUEL_INTERMISSION_MS: "0", DUEL_READY_WAIT_MS: "0", DUEL_LOCKOUT_MS: "0",
    DUEL_LAG_CAP_MS: "0", DUEL_MAX_GUESSES: "12", LOG_LEVEL: "error",
};
const SHORT_MATCHES_MAX = 500;
const SHORT = { ...QUICK, DUEL_BEST_OF: "5" };
const LONG = { ...QUICK, DUEL_BEST_OF: "25" };
/** A match that goes on for as long as it takes. */
export const HELD = { DUEL_ROUND_MS: "3600000", DUEL_WAITING_MS: "3600000" };

// ---- saturation ----

/** CPU of a guess without that of making, joining and storing matches: two kinds of matches that differ only
 * in length give two equations. Each is a list of {cpuUs, guesses, matches}. */
export function solve(long, short) {
    const total = (runs) => [sum(runs.map((one) => one.cpuUs)), sum(runs.map((one) => one.guesses)),
        sum(runs.map((one) => one.matches))];
    const [c1, g1, m1] = total(long);
    const [c2, g2, m2] = total(short);
    const det = g1 * m2 - g2 * m1;
    return { guessUs: (c1 * m2 - c2 * m1) / det, matchUs: (g1 * c2 - g2 * c1) / det };
}

function used(result) {
    return { cpuUs: result.server.cpu_s * 1e6, guesses: result.counts.guesses,
        matches: result.counts.matches_finished ?? 0, share: result.server.cpu_share };
}

const difference = (before, after) => Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - before[name]]));

/** Each against the same load in turn, so that what else the machine does falls on all alike. Short matches
 * only where few are played: PostgreSQL could not store the results of thousands as fast as they came. */
async function saturate(world, matches, { seconds, turns }) {
    const kinds = [["long", LONG], ["short", SHORT]].slice(0, matches > SHORT_MATCHES_MAX ? 1 : 2);
    const options = {
        mode: "saturation", matches, seconds, ramp: matches > 500 ? 5 : 1, answer: ANSWER, rematch: 100,
    };
    const runs = { relay: [], bare: [], long: [], short: [], checked: [] };
    const play = (target, name) => world.load(target, `saturation-${name}-${matches}`, options);
    for (let turn = 0; turn < turns; turn++) {
        for (const name of ["relay", "bare"]) {
            runs[name].push(used(await world.withReference(name, (target) => play(target, name))));
        }
        for (const [name, env] of kinds) {
            await world.withServer(env, async (target) => {
                const before = await world.storesUsed();
                const result = await play(target, name);
                runs[name].push({ ...used(result), ...difference(before, await world.storesUsed()) });
                runs.checked.push(result);
            });
        }
    }
    return runs;
}

/** `match`: what a match costs, as long as these runs do not say it. */
function saturationRows(matches, runs, seconds, match) {
    const name = `${matches} matches`;
    const cost = (who) => mean(runs[who].map((one) => one.cpuUs / one.guesses));
    const guessUs = mean(runs.long.map((one) => (one.cpuUs - one.matches * match.us) / one.guesses));
    const rate = mean(runs.long.map((one) => one.guesses)) / seconds;
    const busy = Math.round(100 * mean(runs.long.map((one) => one.share)));
    return [
        row(`${name}: bare epoll`, cost("bare"), "us/guess"),
        row(`${name}: lws relay`, cost("relay"), "us/guess"),
        row(`${name}: server`, guessUs, "us/guess", {
            note: `with its part of round end, save and frame${match.us ? "" : ", and of the match"}` }),
        row(`${name}: server to relay`, guessUs / cost("relay"), "times", { most: 0.6 }),
        row(`${name}: server to bare epoll`, guessUs / cost("bare"), "times", { note: "the goal: 1.5" }),
        row(`${name}: guesses`, rate, "1/s", { note: `the server's core was ${busy} % busy` }),
        ...faults(name, ...runs.checked),
    ];
}

/** What a match costs besides its guesses, from runs of both kinds. */
function priceOfMatch(runs) {
    const total = (what) => sum(runs.short.map((one) => one[what]));
    const perResult = (what) => total(what) / total("results");
    const us = solve(runs.long, runs.short).matchUs;
    return { us, rows: [
        row("a match: server", us, "us/match", { note: "made, joined, stored; without its guesses" }),
        row("a match: PostgreSQL", perResult("postgresUs"), "us/match", { note: "its result, its players" }),
        row("a match: Valkey", perResult("valkeyUs"), "us/match", { note: "made, 5 rounds saved, ended" }),
    ] };
}

export async function saturation(world, size) {
    const rows = [];
    let match = { us: 0, rows: [] };
    for (const matches of size.saturation.matches) {
        const runs = await saturate(world, matches, size.saturation);
        if (runs.short.length > 0) {
            match = priceOfMatch(runs);
        }
        rows.push(...saturationRows(matches, runs, size.saturation.seconds, match));
    }
    return [...rows, ...match.rows];
}

// ---- memory ----

export async function memory(world, size) {
    const options = { mode: "idle", ...size.idle };
    const sockets = 2 * size.idle.matches;
    const measure = async (target, name) => {
        const result = await world.load(target, name, options);
        const { memory: all } = result;
        return { result, start: target.atStart, all, each: (all - target.atStart) / sockets };
    };
    const relay = await world.withReference("relay", (target) => measure(target, "idle-relay"));
    const server = await world.withServer(HELD, (target) => measure(target, "idle-server"));
    const name = `${sockets} idle sockets in matches`;
    return [
        row(`${name}: relay`, relay.each, "bytes/conn", { note: "more than at its start" }),
        row(`${name}: server`, server.each, "bytes/conn", { note: "with its half of a match, and a player" }),
        row(`${name}: server to relay`, server.each / relay.each, "times", { most: 1.5 }),
        row("server at its start", server.start / MB, "MB"),
        row(`${name}: server in all`, server.all / MB, "MB", { most: 100 }),
        ...faults(name, server.result),
    ];
}

// ---- storm ----

async function ticketStorm(world, { matches, seconds, ramp, turns }) {
    const options = { mode: "storm", matches, seconds, ramp };
    const runs = { relay: [], server: [] };
    for (let turn = 0; turn < turns; turn++) {
        runs.relay.push(await world.withReference("relay",
            (target) => world.load(target, "storm-relay", options)));
        runs.server.push(await world.withServer(HELD,
            (target) => world.load(target, "storm-ticket", { ...options, "storm-by": "ticket" })));
    }
    const rate = (who) => mean(runs[who].map((one) => one.storm?.per_s ?? NaN));
    const cost = (who) => mean(runs[who].map((one) =>
        1e6 * (known(one.storm?.server_cpu_s) ?? NaN) / one.storm?.connections));
    const name = `${2 * matches} sockets`;
    return [
        row(`${name}: relay`, rate("relay"), "1/s"),
        row(`${name}: server, by ticket`, rate("server"), "1/s"),
        row(`${name}: server to relay`, rate("server") / rate("relay"), "times", { least: 0.8 }),
        row(`${name}: relay, CPU`, cost("relay"), "us/conn"),
        row(`${name}: server, CPU`, cost("server"), "us/conn"),
        ...faults(`${name}, relay`, ...runs.relay), ...faults(name, ...runs.server),
    ];
}

async function tokenStorm(world, { tokens, playing, seconds, ramp }) {
    const options = { mode: "storm", matches: tokens, playing, "storm-by": "token", answer: ANSWER,
        think: "1000-5000", seconds, ramp };
    const speed = await world.opensslChecks();
    const { result, longest } = await world.withServer({ DUEL_GRACE_MS: "120000" }, async (target) => ({
        result: await world.load(target, "storm-token", options, { key: "ES384" }),
        longest: (await world.metrics(target)).get("duel_loop_longest_turn_seconds"),
    }));
    const name = `${2 * tokens} JWTs (ES384), ${playing} matches in play`;
    const rate = result.storm?.per_s ?? null;
    return [
        row(`${name}: checks`, rate, "1/s"),
        row("openssl speed, an idle core", speed, "1/s"),
        row(`${name}: checks to openssl speed`, rate / speed, "times", { note: "beside loop and play" }),
        row(`${name}: longest turn`, 1000 * longest, "ms", { most: 20 }),
        row(`${name}: guess to verdict p99`, ms(result.latency.verdict?.p99_us), "ms", { most: 20 }),
        ...faults(name, result),
    ];
}

export async function storm(world, size) {
    return [...await ticketStorm(world, size.storm), ...await tokenStorm(world, size.storm)];
}
