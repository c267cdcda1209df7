// Where benchmarks are run: private stores, a server or a reference on one core, the load generator and the
// stores on another. Every process dies with this one, and is ended by its pid.

import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { BenchContent } from "./bench-content.mjs";
import { PgClient } from "./packages.mjs";
import { ended, family, freePort, signal } from "./processes.mjs";
import { Server } from "./server.mjs";
import { Stores } from "./stores.mjs";

const run = promisify(execFile);
const PROGRAMS = new URL("../../tests/bench", import.meta.url).pathname;
const READY_MS = 30_000;
const EXIT_MS = 15_000;
const PROGRAM_MS = 600_000;
const SLACK_S = 120; // that a run may take longer than its parts: joining, checking tokens, closing

/** A server with the limits of a proxy's address lifted: all players come from one. */
const OPEN = {
    DUEL_ADDRESS_CONNECTIONS: "0", DUEL_ADDRESS_UNAUTHENTICATED: "0", DUEL_ADDRESS_RATE: "0",
    DUEL_MAX_UNAUTHENTICATED: "20000", DUEL_WINDOW: "100000", DUEL_DRAIN_MS: "0", LOG_LEVEL: "warn",
    DUEL_NODE_ID: "a",
};

/** The cores this process may use: the first for what is measured, the rest for all else. */
export function cores() {
    const said = execFileSync("taskset", ["-cp", String(process.pid)], { encoding: "utf8" });
    const list = /: (.*)$/m.exec(said)[1].split(",").flatMap((part) => {
        const [from, to] = part.split("-").map(Number);
        return Array.from({ length: (to ?? from) - from + 1 }, (_, at) => from + at);
    });
    return list.length > 1 ? { measured: String(list[0]), rest: list.slice(1).join(",") } : null;
}

export function residentBytes(pid) {
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
}

/** Processor time of all threads, in µs; 0 of a process that has ended. */
function ranUs(pid) {
    try {
        return readdirSync(`/proc/${pid}/task`).map((thread) => Number(
            readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1000)
            .reduce((all, one) => all + one, 0);
    } catch {
        return 0;
    }
}

/** Runs `command`, and pins it and its threads. */
function pinned(cpuList, command, args) {
    const all = ["--pdeathsig", "KILL", command, ...args];
    return cpuList === undefined ? ["setpriv", all] : ["taskset", ["-c", cpuList, "setpriv", ...all]];
}

export class BenchWorld {
    /** `binaries`: folder of duel-server, duel-load and the references; `reports`: for a page of each run. */
    constructor({ dir, binaries, server, reports }) {
        Object.assign(this, { dir, binaries, reports });
        this.serverBinary = server ?? join(binaries, "duel-server");
        this.stores = new Stores(dir);
        this.content = new BenchContent();
        this.cores = cores();
        this.#running = new Set();
        this.#runs = 0;
    }

    #running;
    #runs;

    async start() {
        mkdirSync(this.reports, { recursive: true });
        await this.stores.start();
        await this.content.start(this.dir, this.stores.env.DATABASE_URL);
        if (this.cores) {
            const { POSTGRES_PID, VALKEY_PID } = this.stores.env;
            for (const pid of [...family(Number(POSTGRES_PID)), Number(VALKEY_PID)]) {
                this.#pin(this.cores.rest, pid);
            }
            this.#pin(this.cores.rest, process.pid);
        }
    }

    #pin(list, pid) {
        execFileSync("taskset", ["-a", "-cp", list, String(pid)], { stdio: "ignore" });
    }

    async stop() {
        const pids = [...this.#running].map((child) => child.pid);
        signal(pids, "SIGKILL");
        await ended(pids);
        this.content.stop();
        await this.stores.remove();
    }

    /** Runs `use` against a fresh server: nothing is left of what was played before but the players. */
    async withServer(env, use) {
        await this.#forget();
        const log = join(this.reports, `server-${this.#runs}.log`);
        const server = new Server({ binary: this.serverBinary, node: "a", port: await freePort(),
            opsPort: await freePort(), log, env: { ...this.#settings(), ...OPEN, ...env } }).start();
        this.#running.add(server.child);
        try {
            if (!await server.ready(READY_MS)) {
                throw new Error(`the server is not ready:\n${server.tail()}`);
            }
            if (this.cores) {
                this.#pin(this.cores.measured, server.pid);
            }
            return await use({ pid: server.pid, address: `127.0.0.1:${server.port}`, isReal: true,
                ops: `127.0.0.1:${server.opsPort}`, atStart: residentBytes(server.pid) });
        } finally {
            await this.#end(server.child);
        }
    }

    #settings() {
        const { DATABASE_URL, VALKEY_URL } = this.stores.env;
        return { DATABASE_URL, VALKEY_URL, LOGTO_ENDPOINT: this.content.endpoint,
            LOGTO_API_RESOURCE: this.content.audience, DUEL_FRAMES: this.content.frames };
    }

    async #forget() {
        await this.stores.valkey("flushall");
        await this.#query(`do $$ begin
            delete from duel_matches;
            if to_regclass('duel_ratings') is not null then delete from duel_ratings; end if;
        end $$`);
    }

    async #query(sql) {
        const db = new PgClient({ connectionString: this.stores.env.DATABASE_URL });
        await db.connect();
        try {
            return (await db.query(sql)).rows;
        } finally {
            await db.end();
        }
    }

    /** What both stores did so far: their processor time, and the results that are stored now. */
    async storesUsed() {
        const { POSTGRES_PID, VALKEY_PID } = this.stores.env;
        const [{ count }] = await this.#query("select count(*)::int as count from duel_matches");
        return { results: count, valkeyUs: ranUs(Number(VALKEY_PID)),
            postgresUs: family(Number(POSTGRES_PID)).map(ranUs).reduce((all, one) => all + one, 0) };
    }

    /** Runs `use` against one of the references: "relay" or "bare". */
    async withReference(name, use) {
        const port = await freePort();
        const child = spawn(...pinned(this.cores?.measured, join(this.binaries, `${name}-reference`),
            ["--port", String(port)]), { stdio: ["ignore", "pipe", "inherit"] });
        this.#running.add(child);
        try {
            await new Promise((done, fail) => {
                child.stdout.once("data", done);
                child.once("error", fail);
                child.once("exit", () => fail(new Error(`${name}-reference does not start`)));
            });
            return await use({ pid: child.pid, address: `127.0.0.1:${port}`, isReal: false,
                atStart: residentBytes(child.pid) });
        } finally {
            await this.#end(child);
        }
    }

    async #end(child) {
        this.#running.delete(child);
        if (child.pid !== undefined) {
            signal([child.pid], "SIGTERM");
            if (!await ended([child.pid], EXIT_MS)) {
                signal([child.pid], "SIGKILL");
                await ended([child.pid]);
            }
        }
    }

    /** One run of the load generator: its JSON, and the most memory that the target was seen to have. */
    async load(target, name, options, { key = "RS256" } = {}) {
        const file = `${String(this.#runs++).padStart(2, "0")}-${name}`;
        const json = join(this.reports, `${file}.json`);
        const args = [...this.#who(target, key), "--quiet", "--json", json,
            "--report", join(this.reports, `${file}.html`),
            ...Object.entries(options).flatMap(([option, value]) => (value === true ? [`--${option}`]
                : value === undefined ? [] : [`--${option}`, String(value)]))];
        const timeout = 1000 * ((options.seconds ?? 10) + (options.ramp ?? 0) + SLACK_S);
        const watch = watchMemory(target.pid);
        const end = await this.#runLoad(args, timeout, join(this.reports, `${file}.log`));
        const memory = watch.stop();
        try {
            return { ...JSON.parse(readFileSync(json, "utf8")), end, memory };
        } catch (error) {
            throw new Error(`duel-load ${args.join(" ")}: ${error.message}\n${end.output.slice(-2000)}`);
        }
    }

    #who(target, key) {
        if (!target.isReal) {
            return ["--server", target.address, "--direct", "--pid", target.pid];
        }
        const { file, kid } = this.content.keys[key];
        return ["--server", target.address, "--ops", target.ops, "--pid", target.pid, "--key", file,
            "--kid", kid, "--issuer", `${this.content.endpoint}/oidc`, "--audience", this.content.audience];
    }

    async #runLoad(args, timeout) {
        const [command, all] = pinned(this.cores?.rest, join(this.binaries, "duel-load"), args.map(String));
        // What measures goes before the stores on their core, where that is allowed.
        const child = spawn("nice", ["-n", "-10", command, ...all], { stdio: ["ignore", "pipe", "pipe"] });
        this.#running.add(child);
        let output = "";
        child.stdout.on("data", (part) => (output += part));
        child.stderr.on("data", (part) => (output += part));
        const timer = setTimeout(() => signal([child.pid], "SIGKILL"), timeout);
        const status = await new Promise((done) => {
            child.once("error", (error) => done(error.message));
            child.once("close", (code, name) => done(code ?? name));
        });
        clearTimeout(timer);
        this.#running.delete(child);
        return { status, output };
    }

    /** The server's metrics without labels, and with them as they are written. */
    async metrics(target) {
        const text = await (await fetch(`http://${target.ops}/metrics`)).text();
        const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
        return new Map(lines.map((line) => {
            const at = line.lastIndexOf(" ");
            return [line.slice(0, at), Number(line.slice(at + 1))];
        }));
    }

    /** What `openssl speed` says of the core that is measured: checks of P-384 signatures a second. */
    async opensslChecks() {
        const { stdout } = await run(...pinned(this.cores?.measured, "openssl",
            ["speed", "-seconds", "2", "ecdsap384"]));
        return Number(stdout.trim().split("\n").at(-1).trim().split(/\s+/).at(-1));
    }

    /** A program of tests/bench: its lines `bench <name> <value> <unit> …`. */
    async program(name, args) {
        const [command, all] = name.endsWith(".mjs") ? [process.execPath, [join(PROGRAMS, name), ...args]]
            : [join(this.binaries, "tests/bench", name), args];
        const { stdout } = await run(command, all, { maxBuffer: 1 << 24, timeout: PROGRAM_MS,
            env: { ...process.env, ...this.stores.env, DUEL_SERVER: this.serverBinary } });
        return stdout.split("\n").map((line) => /^bench (\S+) (.*)$/.exec(line)).filter(Boolean)
            .map(([, what, text]) => ({ name: what, text, value: parseFloat(text),
                unit: text.replace(/^[\d.]+ */, "") }));
    }

    /** How long another program takes on the core that is measured, and what it says. */
    async timed(name, args) {
        const start = performance.now();
        const { stdout } = await run(...pinned(this.cores?.measured, join(this.binaries, name), args),
            { timeout: PROGRAM_MS });
        return { seconds: (performance.now() - start) / 1000, output: stdout };
    }
}

function watchMemory(pid) {
    let most = 0;
    const look = () => {
        try {
            most = Math.max(most, residentBytes(pid));
        } catch {
            // It has ended; its end is told elsewhere.
        }
    };
    const timer = setInterval(look, 250);
    return { stop() {
        look();
        clearInterval(timer);
        return most;
    } };
}
