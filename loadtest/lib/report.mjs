// What a run found, for people: checks passed and failed, counts, pauses, and the evidence of each fault.

const CHECKS = [
    ["what was told of a round stands", ["round-contradicted", "round-again", "round-forgotten", "verdict",
        "score"]],
    ["what was told of a match's end stands", ["end-contradicted", "end-taken-back"]],
    ["exactly one row for each match told to have ended", ["row-missing", "row-too-much", "unknown-row"]],
    ["rows say what was told", ["row-differs", "round-differs"]],
    ["ratings told are those stored", ["rating-contradicted", "rating-differs", "unrated"]],
    ["ratings are 1000 and the stored changes, in their order", ["books"]],
    ["the ranking is the ratings", ["ranking"]],
    ["no match that was started is lost or denied", ["match-lost", "match-denied", "abandoned-by-nobody"]],
    ["nobody loses by an outage", ["forfeit-by-nobody"]],
    ["nobody is in two matches", ["two-matches"]],
    ["no redirection leads to itself or around", ["redirection"]],
    ["every bot is done in the end", ["unresolved"]],
    ["sockets say and close only what the protocol has", ["close", "order", "players", "ticket", "frame",
        "key-again"]],
    ["servers live, recover and stop in good order", ["server-died", "server-fault", "not-ready", "exit",
        "not-recovered"]],
    ["the pause is short enough (crash)", ["pause"]],
];
const SHOWN = 5;

const clock = (ms) => new Date(ms).toISOString().slice(11, 23);

export function percentiles(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
    return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}

function journal(match, happenings) {
    const lines = match.journal.map(([at, slot, text]) => [at, `seat ${slot}: ${text}`]);
    const first = lines[0]?.[0] ?? 0;
    const last = lines.at(-1)?.[0] ?? 0;
    const around = happenings.filter(([at]) => at > first - 10_000 && at < last + 10_000)
        .map(([at, text]) => [at, `*** ${text}`]);
    return [...lines, ...around].sort((a, b) => a[0] - b[0]).map(([at, text]) => `    ${clock(at)} ${text}`);
}

function evidenceOf({ kind, at, text, match }, happenings) {
    const head = `${clock(at)} ${kind}${match ? ` in match ${match.id}` : ""}: ${text}`;
    return [head, ...(match ? journal(match, happenings) : [])].join("\n");
}

export function makeReport(notebook, pauses, seed) {
    const { violations, happenings, counts } = notebook;
    const evidence = violations.map((one) => evidenceOf(one, happenings));
    const failed = CHECKS.filter(([, kinds]) => violations.some(({ kind }) => kinds.includes(kind)));
    const lines = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, n]) => `  ${what}: ${n}`);
    lines.unshift(`seed ${seed}`, `matches: ${notebook.matches.size}`);
    for (const [kind, values] of pauses) {
        const { count, p50, p99, max } = percentiles(values);
        lines.push(`pause by ${kind}: ${count} times, p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`);
    }
    for (const [name, kinds] of CHECKS) {
        const n = violations.filter(({ kind }) => kinds.includes(kind)).length;
        lines.push(`${n ? "FAILED" : "ok    "} ${name}${n ? ` (${n})` : ""}`);
    }
    lines.push(...evidence.slice(0, SHOWN));
    if (evidence.length > SHOWN) {
        lines.push(`… ${evidence.length - SHOWN} more in violations.txt`);
    }
    lines.push(`${CHECKS.length - failed.length} passed, ${failed.length} failed`);
    return { report: lines.join("\n"), evidence: `${evidence.join("\n\n")}\n`, failed: failed.length };
}
