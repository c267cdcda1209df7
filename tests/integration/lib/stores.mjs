// A PostgreSQL and a Valkey of one test file's own, which it may stop, kill and freeze: what the runner
// gives is for everybody.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "./server.mjs";

const run = promisify(execFile);
const SCRIPT = resolve(dirname(fileURLToPath(import.meta.url)), "../../../deploy/local/stores");

function isThere(pid) {
    try {
        process.kill(pid, 0);
        return true;
    } catch {
        return false;
    }
}

/** A process and its children. */
function familyOf(pid) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return [pid, ...children.split(" ").filter(Boolean).map(Number)];
}

export class Stores {
    static async start() {
        const stores = new Stores();
        stores.dir = mkdtempSync(join(tmpdir(), "duel-stores-"));
        try {
            await stores.start();
        } catch (error) {
            const problems = readFileSync(join(stores.dir, "problems"), "utf8");
            rmSync(stores.dir, { recursive: true, force: true });
            throw new Error(`the stores did not start: ${problems}`, { cause: error });
        }
        return stores;
    }

    /** Starts what is not running. */
    async start() {
        // Daemons inherit what this holds open, so its output goes to no pipe that one would wait for.
        await run("bash", ["-c", `exec "$0" start "$1" >"$1/env" 2>"$1/problems"`, SCRIPT, this.dir]);
        const { stdout } = await run(SCRIPT, ["env", this.dir]);
        this.env = Object.fromEntries(stdout.trim().split("\n").map((line) => {
            const at = line.indexOf("=");
            return [line.slice(0, at), line.slice(at + 1)];
        }));
    }

    get #pids() {
        return [this.env.POSTGRES_PID, this.env.VALKEY_PID].map(Number);
    }

    stopPostgres() {
        return this.#end(this.#pids[0], "SIGINT"); // the fast way: clients are cut off
    }

    killPostgres() {
        return this.#end(this.#pids[0], "SIGKILL");
    }

    killValkey() {
        return this.#end(this.#pids[1], "SIGKILL");
    }

    async #end(pid, signal) {
        process.kill(pid, signal);
        await until(() => !isThere(pid), `the end of process ${pid}`);
    }

    /** All processes of it stand still until resume(): connections are taken, and nothing answers. */
    freezePostgres() {
        familyOf(this.#pids[0]).forEach((pid) => process.kill(pid, "SIGSTOP"));
    }

    freezeValkey() {
        process.kill(this.#pids[1], "SIGSTOP");
    }

    /** A Valkey that is not running has lost all that it kept. */
    async forgetValkey() {
        rmSync(join(dirname(this.env.PGHOST), "valkey"), { recursive: true });
    }

    /** Both run again, whatever a test did to them. */
    async resume() {
        for (const pid of this.#pids.filter(isThere).flatMap(familyOf)) {
            process.kill(pid, "SIGCONT");
        }
        if (!this.#pids.every(isThere)) {
            await this.start();
        }
    }

    async remove() {
        await this.resume();
        await run(SCRIPT, ["remove", this.dir]);
        rmSync(this.dir, { recursive: true, force: true });
    }
}
