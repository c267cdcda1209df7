// The figures of a benchmark run: rows with what was asked and what was reached, and how they are shown.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";

/** One figure. `most`, `least` or `within`: what was asked of it; `note`: what it needs to be understood. */
export function row(name, value, unit, { most, least, within, note } = {}) {
    const [low, high] = within ?? [least, most];
    const ok = isReached(value, low, high);
    return { name, value: value ?? null, unit, asked: askedFor(low, high), ok, note };
}

function askedFor(low, high) {
    if (low === undefined) {
        return high === undefined ? "" : `<= ${high}`;
    }
    return high === undefined ? `>= ${low}` : `${low}-${high}`;
}

/** null: nothing was asked, or nothing was measured. */
function isReached(value, least, most) {
    if (!Number.isFinite(value) || (most === undefined && least === undefined)) {
        return null;
    }
    return (most === undefined || value <= most) && (least === undefined || value >= least);
}

export const sum = (list) => list.reduce((all, one) => all + one, 0);
export const mean = (list) => sum(list) / list.length;
/** What the load generator does not know is null or below 0. */
export const known = (value) => (value === undefined || value === null || value < 0 ? null : value);
export const ms = (us) => (us === undefined || us === null ? null : us / 1000);

/** What every run of the load generator has to be free of. */
export function faults(name, ...results) {
    return ["errors", "broken"].map((which) => {
        const kinds = results.flatMap((result) => result[which] ?? []);
        const title = which === "errors" ? "errors" : "rules broken";
        return row(`${name}: ${title}`, sum(kinds.map((kind) => kind.count)), "", {
            most: 0, note: [...new Set(kinds.map((kind) => kind.what))].join("; ") });
    });
}

/** The bound of the bucket of a server's histogram that holds this share of all. */
export function bucketBound(metrics, name, share) {
    const total = metrics.get(`${name}_count`);
    const buckets = [...metrics].filter(([key]) => key.startsWith(`${name}_bucket`));
    const found = total > 0 && buckets.find(([, count]) => count >= share * total);
    return found ? Number(/le="([^"]+)"/.exec(found[0])[1].replace("+Inf", "Infinity")) : null;
}

/** Three significant digits, and all of a whole number. */
export function shown(value) {
    if (!Number.isFinite(value)) {
        return "?";
    }
    return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en")
        : String(Number(value.toPrecision(3)));
}

export function printRows(title, rows) {
    console.log(`\n${title}`);
    for (const one of rows) {
        const verdict = one.ok === null ? "" : one.ok ? "ok" : "OVER";
        const value = one.note && one.value === null ? "" : shown(one.value);
        console.log([`  ${one.name.padEnd(62)}`, value.padStart(9), one.unit.padEnd(11), one.asked.padEnd(8),
            verdict.padEnd(5), one.note ?? ""].join(" ").trimEnd());
    }
}

/** The same as tables for a page. */
export function markdown(sections) {
    const found = (one) => (one.value === null ? "" : `${shown(one.value)} ${one.unit}`.trim());
    const asked = (one) => one.asked.replaceAll("<=", "≤").replaceAll(">=", "≥");
    const lineOf = (one) => `| ${one.name} | ${asked(one)} | ${found(one)} | ${one.note ?? ""} |`;
    const head = ["", "| figure | asked | found | |", "|---|---|---|---|"];
    const tableOf = ({ name, rows }) => [`### ${name}`, ...head, ...rows.map(lineOf), ""].join("\n");
    return sections.filter((section) => section.rows.length > 0).map(tableOf).join("\n");
}

const first = (run) => {
    try {
        return run().trim().split("\n")[0];
    } catch {
        return null;
    }
};

const said = (...command) => first(() => execFileSync(command[0], command.slice(1), { encoding: "utf8" }));

export function machine() {
    return {
        cpu: cpus()[0]?.model, cores: availableParallelism(), memory_mb: Math.round(totalmem() / 2 ** 20),
        kernel: release(), load: first(() => readFileSync("/proc/loadavg", "utf8")), node: process.version,
        system: first(() => /PRETTY_NAME="(.*)"/.exec(readFileSync("/etc/os-release", "utf8"))[1]),
        compiler: said("gcc", "--version"),
        libwebsockets: said("pkg-config", "--modversion", "libwebsockets"),
        openssl: said("openssl", "version"),
    };
}
