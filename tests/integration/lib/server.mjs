// One process of the server under test, at addresses of its own; it may die and be started again.
// Knows nothing of what it is tested for.
//
// From the runner: DUEL_SERVER (the binary), TEST_PORTS (those that are nobody else's, "from-to").

import { spawn } from "node:child_process";
import { createServer as createTcp } from "node:net";
import { within } from "./client.mjs";

const FAULTS = /ERROR: AddressSanitizer|runtime error:|LeakSanitizer|assertion failed/;

const [LOWEST, HIGHEST] = (process.env.TEST_PORTS ?? "20000-28999").split("-").map(Number);
const PORTS = HIGHEST - LOWEST + 1;
let asked = Math.floor(Math.random() * PORTS);

/** Never the same twice in a row of them, so that several can be asked for before one is used. */
export async function freePort() {
    for (let attempt = 0; attempt < 50; attempt++) {
        const port = LOWEST + asked++ % PORTS;
        const free = await new Promise((done) => {
            const probe = createTcp();
            probe.once("error", () => done(false));
            probe.listen(port, "127.0.0.1", () => probe.close(() => done(true)));
        });
        if (free) {
            return port;
        }
    }
    throw new Error("no free port");
}

function sanitizers() {
    return { ASAN_OPTIONS: "abort_on_error=1:detect_leaks=1", UBSAN_OPTIONS: "print_stacktrace=1" };
}

/** Asks until `get` gives something, for what arrives in its own time. */
export async function until(get, what, log = () => "") {
    for (let attempt = 0; attempt < 2000; attempt++) {
        const value = await get();
        if (value) {
            return value;
        }
        await new Promise((done) => setTimeout(done, 10));
    }
    throw new Error(`never: ${what}\n${log().slice(-4000)}`);
}

export class Server {
    static async at() {
        const server = new Server();
        server.port = await freePort();
        server.opsPort = await freePort();
        server.base = `http://127.0.0.1:${server.port}/api/duel`;
        server.ops = `http://127.0.0.1:${server.opsPort}`;
        server.log = "";
        server.exited = null;
        return server;
    }

    /** Starts the process with all of its settings but its addresses. */
    serve(env) {
        const program = process.env.DUEL_SERVER;
        if (!program) {
            throw new Error("DUEL_SERVER is not set: these tests are run by `make test`");
        }
        const addresses = {
            DUEL_LISTEN: `127.0.0.1:${this.port}`, DUEL_OPS_LISTEN: `127.0.0.1:${this.opsPort}`,
        };
        this.exited = null;
        this.child = spawn(program, [], {
            env: { PATH: process.env.PATH, ...sanitizers(), ...env, ...addresses },
            stdio: ["ignore", "pipe", "pipe"],
        });
        this.child.stdout.on("data", (part) => (this.log += part));
        this.child.stderr.on("data", (part) => (this.log += part));
        this.exit = new Promise((done) => {
            this.child.on("exit", (code, signal) => {
                this.exited = { code, signal };
                done(this.exited);
            });
        });
    }

    /** What /readyz answers; 0 when nobody answers. */
    readiness() {
        return fetch(`${this.ops}/readyz`).then((response) => response.status, () => 0);
    }

    /** Waits until the server says that it is ready; fails with its log when it ends instead. */
    async ready(wanted = 200) {
        await until(async () => {
            if (this.exited) {
                throw new Error(`the server ended: ${JSON.stringify(this.exited)}\n${this.log}`);
            }
            return (await this.readiness()) === wanted;
        }, `${wanted} from /readyz`, () => this.log);
    }

    async metric(line) {
        const text = await (await fetch(`${this.ops}/metrics`)).text();
        const found = text.split("\n").find((one) => one.startsWith(`${line} `));
        return found === undefined ? undefined : Number(found.slice(line.length + 1));
    }

    signal(signal) {
        this.child.kill(signal);
    }

    async terminate(signal = "SIGTERM") {
        this.signal(signal);
        return within(this.exit, "the server's exit", 40_000);
    }

    /** Ends the process if it still runs. A fault of it is thrown by check(). */
    async stop() {
        if (this.child && !this.exited) {
            this.signal("SIGCONT");
            await this.terminate();
        }
    }

    check() {
        if (FAULTS.test(this.log)) {
            throw new Error(`a fault of the server:\n${this.log.slice(-8000)}`);
        }
        if (this.exited && this.exited.code !== 0 && this.exited.signal !== "SIGKILL") {
            const end = JSON.stringify(this.exited);
            throw new Error(`the server ended with ${end}:\n${this.log.slice(-4000)}`);
        }
    }
}
