// One duel-server process: start, kill, freeze, stop, and whether it is ready. It dies with this process,
// whatever happens to it.

import { spawn } from "node:child_process";
import { openSync, closeSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { isAlive, until } from "./processes.mjs";

const LOOK_MS = 1_000;

export class Server {
    /** `wanted`: its end was our doing. */
    constructor({ binary, node, port, opsPort, env, log }) {
        Object.assign(this, { binary, node, port, opsPort, log, wanted: false, isUp: false });
        this.env = {
            ...env, DUEL_NODE_ID: node, DUEL_LISTEN: `127.0.0.1:${port}`, DUEL_OPS_LISTEN: `127.0.0.1:${opsPort}`,
        };
    }

    start() {
        const out = openSync(this.log, "a");
        this.child = spawn("setpriv", ["--pdeathsig", "KILL", this.binary], {
            env: { PATH: process.env.PATH, ...this.env }, stdio: ["ignore", out, out], detached: true,
        });
        closeSync(out);
        this.exit = new Promise((done) => {
            this.child.on("error", (error) => done({ code: error.message }));
            this.child.on("exit", (code, signal) => done({ code, signal }));
        }).then((end) => {
            this.end = end;
            this.isUp = false;
            return end;
        });
        return this;
    }

    get pid() {
        return this.child.pid;
    }

    kill(signal) {
        if (!this.end && isAlive(this.pid)) {
            this.child.kill(signal);
        }
    }

    /** The status of /readyz; 0 when nobody answers. */
    look() {
        return new Promise((done) => {
            const request = get({ host: "127.0.0.1", port: this.opsPort, path: "/readyz", timeout: LOOK_MS,
                agent: false }, (response) => {
                response.resume();
                done(response.statusCode);
            });
            request.on("timeout", () => request.destroy());
            request.on("error", () => done(0));
        });
    }

    async ready(ms) {
        const isReady = await until(async () => this.end || (await this.look()) === 200, ms, 20);
        this.isUp = isReady === true;
        return this.isUp;
    }

    tail() {
        return readFileSync(this.log, "utf8").slice(-3000);
    }
}
