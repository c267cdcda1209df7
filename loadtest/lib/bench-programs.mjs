// The programs of tests/bench and the simulator as rows of a benchmark.

import { row } from "./bench-rows.mjs";

/** Lines whose value is no number are said as they are. */
const rowsOf = (lines, prefix = "") => lines.map(({ name, value, unit, text }) => {
    const title = prefix + name.replaceAll("_", " ");
    const [short, ...rest] = unit.split(" ");
    return Number.isFinite(value) ? row(title, value, short, { note: rest.join(" ") || undefined })
        : row(title, null, "", { note: text });
});

export async function core(world, size) {
    const { matches, worlds } = size.core;
    const rows = rowsOf(await world.program("bench_core", [String(matches)]));
    const { seconds, output } = await world.timed("tests/sim/sim_hub", [`--runs=${worlds}`]);
    const twice = (what) => 2 * Number(new RegExp(`^ *${what} +(\\d+)$`, "m").exec(output)[1]);
    return [...rows,
        row("simulator, worlds with all their faults", 60 * 2 * worlds / seconds, "worlds/min", {
            note: "of three minutes each, with the witness, each run twice" }),
        row("simulator, matches", 60 * twice("matches played") / seconds, "matches/min"),
        row("simulator, steps", twice("steps") / seconds, "1/s")];
}

export async function search(world, size) {
    const rows = [];
    for (const titles of size.search.titles) {
        rows.push(...rowsOf(await world.program("bench_titles", [String(titles)]), `${titles} titles, `));
    }
    return rows;
}

export async function saves(world, size) {
    return rowsOf(await world.program("saves.mjs", [String(size.saves.playing)]));
}

export const ranking = async (world) => rowsOf(await world.program("ranking.mjs", []));
export const sockets = async (world) => rowsOf(await world.program("sockets.mjs", []));
