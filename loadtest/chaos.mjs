#!/usr/bin/env node
// Chaos for real: bots play over real sockets while servers, Valkey and PostgreSQL are killed, frozen,
// emptied and replaced, one at a time; then all that the bots were told is compared with what is stored.
// `chaos.mjs --help` lists the options; docs/operations.md says how to read what it prints.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { options, USAGE } from "./lib/options.mjs";
import { sweep, Trial } from "./lib/trial.mjs";

const ROOT = resolve(fileURLToPath(import.meta.url), "../..");

async function main() {
    if (process.argv.includes("--help")) {
        console.log(USAGE);
        return 0;
    }
    const chosen = options(ROOT);
    const runs = join(ROOT, "build/chaos-runs");
    const dir = join(runs, String(process.pid));
    mkdirSync(dir, { recursive: true });
    rmSync(chosen.logs, { recursive: true, force: true });
    mkdirSync(chosen.logs, { recursive: true });
    await sweep(runs, readdirSync(runs));
    const trial = new Trial(chosen, dir);
    const interrupted = new Promise((done) => {
        for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
            process.on(signal, () => done("interrupted"));
        }
    });
    let result;
    try {
        result = await Promise.race([trial.run(), interrupted]);
    } finally {
        await trial.stop().finally(() => rmSync(dir, { recursive: true, force: true }));
    }
    if (result === "interrupted") {
        console.log("interrupted");
        return 1;
    }
    writeFileSync(join(chosen.logs, "violations.txt"), result.evidence);
    console.log(result.report);
    return result.failed > 0 ? 1 : 0;
}

main().then((status) => process.exit(status), (error) => {
    console.error(`chaos: ${error.stack}`);
    process.exit(1);
});
