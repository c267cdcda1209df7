#!/usr/bin/env node
// The figures of the house: each beside what was asked of it, as a table, as JSON, and with a page for every
// run of the load generator. `bench.mjs --help` lists the options; docs/performance.md says what they mean.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine, markdown, printRows, row } from "./lib/bench-rows.mjs";
import { SCENARIOS } from "./lib/bench-scenarios.mjs";
import { BenchWorld } from "./lib/bench-world.mjs";
import { sweep } from "./lib/trial.mjs";

const ROOT = resolve(fileURLToPath(import.meta.url), "../..");
const USAGE = `bench.mjs [options]
  --full            the sizes that were asked for; else smaller ones, a few minutes in all
  --only NAMES      only these scenarios, with commas: ${Object.keys(SCENARIOS).join(", ")}
  --seconds N       how long each run of the load generator is judged
  --matches N       how many matches it plays, where a scenario has one size
  --binaries DIR    where duel-server, duel-load and the references are (build/gcc)
  --server FILE     another server
  --keep            keep the stores' folder
The table is printed; in build/bench/<time> it is kept as bench.json, with the machine's facts, and as
bench.md, beside a page for each run of the load generator.`;

/** A few minutes on two cores. */
const SMALL = {
    core: { matches: 10_000, worlds: 5 }, search: { titles: [10_000] },
    saturation: { matches: [200, 2_000], seconds: 5, turns: 1 },
    idle: { matches: 2_000, seconds: 5, ramp: 5 },
    storm: { matches: 2_000, seconds: 10, ramp: 5, turns: 1, tokens: 500, playing: 100 },
    concurrent: { matches: 2_000, seconds: 15, ramp: 8 },
    frames: { matches: 500, seconds: 10, ramp: 4 },
    pairing: { matches: 1_000, seconds: 10 },
    fairness: { matches: 150, seconds: 15 },
    growth: { matches: [500, 2_000], seconds: 10, ramp: 8 }, saves: { playing: 0 },
};
/** As asked; about an hour, half of it the soak. */
const FULL = {
    core: { matches: 100_000, worlds: 40 }, search: { titles: [10_000, 100_000] },
    saturation: { matches: [200, 2_000], seconds: 10, turns: 3 },
    idle: { matches: 9_800, seconds: 10, ramp: 30 },
    storm: { matches: 9_800, seconds: 30, ramp: 30, turns: 2, tokens: 4_900, playing: 1_000 },
    concurrent: { matches: 9_800, seconds: 60, ramp: 40 },
    frames: { matches: 3_000, seconds: 30, ramp: 20 },
    pairing: { matches: 5_000, seconds: 20 },
    fairness: { matches: 200, seconds: 60 },
    growth: { matches: [1_000, 3_000, 9_800], seconds: 40, ramp: 40 },
    soak: { matches: 3_000, seconds: 1_800, settle: 300 }, saves: { playing: 250 },
};
const OFTEN = Object.keys(SCENARIOS).filter((name) => name !== "soak" && name !== "sockets");

function number(text, name, max) {
    const value = Number(text);
    if (text !== undefined && !(Number.isInteger(value) && value >= 1 && value <= max)) {
        throw new Error(`--${name}: not from 1 to ${max}`);
    }
    return text === undefined ? undefined : value;
}

function chosen() {
    const text = { type: "string" };
    const flag = { type: "boolean", default: false };
    const { values } = parseArgs({ options: { full: flag, keep: flag, help: flag, only: text, seconds: text,
        matches: text, server: text, binaries: { ...text, default: join(ROOT, "build/gcc") } } });
    const names = values.only?.split(/[ ,]+/) ?? (values.full ? Object.keys(SCENARIOS) : OFTEN);
    const unknown = names.find((name) => !SCENARIOS[name]);
    if (unknown) {
        throw new Error(`--only: no such scenario: ${unknown}`);
    }
    return { ...values, names, size: sized(values.full ? FULL : { ...SMALL, soak: FULL.soak },
        number(values.seconds, "seconds", 86_400), number(values.matches, "matches", 9_800)) };
}

function sized(sizes, seconds, matches) {
    const change = (size) => ("seconds" in size ? { ...size, seconds: seconds ?? size.seconds,
        matches: Array.isArray(size.matches) && matches ? [matches] : matches ?? size.matches } : size);
    return Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, change(size)]));
}

/** A scenario that fails is a row that says so: the others go on. */
async function runAll(world, { names, size }, isInterrupted) {
    const sections = [];
    for (const name of names) {
        if (isInterrupted()) {
            break;
        }
        const started = Date.now();
        const rows = await SCENARIOS[name](world, size).catch((error) => (isInterrupted() ? []
            : [row(`${name} failed`, null, "", { note: error.message.split("\n", 3).join(" | ") })]));
        if (rows.length > 0) {
            printRows(`${name} (${Math.round((Date.now() - started) / 1000)} s)`, rows);
        }
        sections.push({ name, rows });
    }
    return sections;
}

function summary(sections) {
    const rows = sections.flatMap((section) =>
        section.rows.map((one) => ({ ...one, section: section.name })));
    const judged = rows.filter((one) => one.ok !== null);
    const over = judged.filter((one) => !one.ok);
    console.log(`\n${judged.length - over.length} of ${judged.length} figures reached`);
    for (const one of over) {
        console.log(`  not reached: ${one.section}, ${one.name}`);
    }
    return rows.some((one) => one.name.endsWith(" failed"));
}

async function main() {
    if (process.argv.includes("--help")) {
        console.log(USAGE);
        return 0;
    }
    const options = chosen();
    const time = new Date().toISOString().replace(/\..*/, "").replaceAll(":", "");
    const reports = join(ROOT, "build/bench", time);
    const runs = join(ROOT, "build/bench-runs");
    const dir = join(runs, String(process.pid));
    mkdirSync(dir, { recursive: true });
    await sweep(runs, readdirSync(runs)); // what a killed run left behind
    const world = new BenchWorld({
        dir, binaries: resolve(options.binaries), server: options.server, reports,
    });
    let isInterrupted = false;
    let stopped;
    const stop = () => (stopped ??= world.stop());
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
        process.on(name, () => {
            isInterrupted = true;
            stop();
        });
    }
    try {
        const facts = machine();
        console.log(`${facts.cpu}, ${facts.cores} cores, ${facts.memory_mb} MB, ${facts.system}; ` +
            `load ${facts.load}`);
        await world.start();
        console.log(world.cores
            ? `measured on core ${world.cores.measured}; load and stores on ${world.cores.rest}`
            : "one core only: the load generator disturbs what it measures");
        const sections = await runAll(world, options, () => isInterrupted);
        writeFileSync(join(reports, "bench.json"),
            `${JSON.stringify({ time, machine: facts, size: options.size, sections }, null, 1)}\n`);
        writeFileSync(join(reports, "bench.md"), markdown(sections));
        if (isInterrupted) {
            console.log("interrupted");
        }
        const hasFailed = summary(sections);
        console.log(`\n${reports}/bench.json; a page for each run beside it`);
        return isInterrupted || hasFailed ? 1 : 0;
    } finally {
        await stop();
        if (!options.keep) {
            rmSync(dir, { recursive: true, force: true });
        }
    }
}

main().then((status) => process.exit(status), (error) => {
    console.error(`bench: ${error.message}`);
    process.exit(1);
});
