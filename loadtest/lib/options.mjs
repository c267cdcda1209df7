// The options of a chaos run.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { kinds } from "./plan.mjs";

export const USAGE = `chaos.mjs [options]
  --mode chaos|crash|rolling   chaos: random events; crash: kill -9 under all matches, started at once, and
                               the pause is judged; rolling: every node replaced under all matches
  --seconds N    how long things go wrong (chaos; 60)
  --every N      seconds from one event to the next, at the least (10)
  --matches N    live matches (200; 1000 in the other modes)
  --nodes 1|2    servers (2; 1 in crash)
  --seed TEXT    the plan of events (random)
  --only KINDS   only these kinds of events, with commas; --off KINDS: all but these
  --server FILE  the server (build/duel-server)
Kinds: ${kinds().join(", ")}.
What is logged, and the evidence of what was wrong, is in build/chaos-logs/<seed>.`;

const DEFAULTS = {
    chaos: { matches: 200, nodes: 2 }, crash: { matches: 1000, nodes: 1 }, rolling: { matches: 1000, nodes: 2 },
};

function number(text, name, min, max) {
    const value = Number(text);
    if (!(value >= min && value <= max)) {
        throw new Error(`--${name}: not from ${min} to ${max}`);
    }
    return value;
}

function kindsIn(text, name) {
    const list = text ? text.split(/[ ,]+/) : [];
    const unknown = list.find((kind) => !kinds().includes(kind));
    if (unknown) {
        throw new Error(`--${name}: no such kind of event: ${unknown}`);
    }
    return list;
}

export function options(root) {
    const text = { type: "string" };
    const { values } = parseArgs({ options: { mode: { ...text, default: "chaos" },
        seconds: { ...text, default: "60" }, every: { ...text, default: "10" }, matches: text, nodes: text,
        seed: text, only: text, off: text,
        server: { ...text, default: process.env.DUEL_SERVER ?? join(root, "build/duel-server") } } });
    const seed = values.seed || String(Math.floor(Math.random() * 1e9));
    if (!/^[\w-]{1,32}$/.test(seed)) {
        throw new Error("--seed: up to 32 letters and digits");
    }
    const defaults = DEFAULTS[values.mode];
    if (!defaults) {
        throw new Error("--mode: chaos, crash or rolling");
    }
    if (!existsSync(values.server)) {
        throw new Error(`${values.server} is not there: make builds it`);
    }
    const only = kindsIn(values.only, "only");
    const off = kindsIn(values.off, "off");
    return {
        mode: values.mode, server: values.server, logs: join(root, "build/chaos-logs", seed),
        seconds: number(values.seconds, "seconds", 1, 86_400), every: number(values.every, "every", 0, 3_600),
        matches: number(values.matches ?? defaults.matches, "matches", 1, 5_000),
        nodes: ["a", "b"].slice(0, number(values.nodes ?? defaults.nodes, "nodes", 1, 2)),
        seed,
        allowed: (kind) => !off.includes(kind) && (only.length === 0 || only.includes(kind)),
    };
}
