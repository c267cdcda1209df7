// A real S3 store on loopback that trusts no signature: OpenStack Swift with its S3 interface, of Debian's
// packages, its four servers as processes on a folder that is thrown away. Knows nothing of duels.
//
// deploy/local/deps --integration unpacks it into .local/swift.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { SignatureV4 } from "@smithy/signature-v4";
import { Sha256, canonicalPath } from "./s3store.mjs";
import { freePort, until } from "./server.mjs";

const LOCAL = process.env.DUEL_LOCAL
    ?? resolve(fileURLToPath(import.meta.url), "../../../../.local");
const UNPACKED = join(LOCAL, "swift");
// The one that Debian's packages are for: unpacked with them where the machine has none.
const PYTHON = [join(UNPACKED, "usr/bin/python3"), "/usr/bin/python3"].find((one) => existsSync(one));

/** Swift reads its own name of a folder before any setting, so it is told that first. */
const RUN = "import sys, swift.common.utils as u; u.set_swift_dir(sys.argv[1]); "
    + "import swift.common.wsgi as w; sys.exit(w.run_wsgi(sys.argv[2], sys.argv[3]))";
const MAKE_RINGS = `
import json, sys
from swift.common.ring import RingBuilder
for name, port in json.loads(sys.argv[2]).items():
    builder = RingBuilder(1, 1, 1)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1.0, "ip": "127.0.0.1", "port": port,
                     "device": "disk"})
    builder.rebalance()
    builder.get_ring().save("%s/%s.ring.gz" % (sys.argv[1], name))
`;

function environment() {
    const libraries = join(UNPACKED, "usr/lib");
    const machine = existsSync(libraries)
        ? readdirSync(libraries).filter((name) => name.includes("-linux-"))
            .map((name) => join(libraries, name))
        : [];
    return {
        PATH: "/usr/bin:/bin", PYTHONWARNINGS: "ignore",
        PYTHONPATH: join(libraries, "python3/dist-packages"), LD_LIBRARY_PATH: machine.join(":"),
    };
}

function accepts(port) {
    return new Promise((done) => {
        const socket = connect(port, "127.0.0.1");
        socket.once("connect", () => done(true)).once("error", () => done(false));
        socket.once("connect", () => socket.destroy());
    });
}

export class Swift {
    constructor(region) {
        this.region = region;
        this.bucket = "frames-bucket";
        this.key = "tests:reader";
        this.secret = "s3cr3t/+=";
        this.log = "";
        this.children = [];
    }

    async start() {
        if (!existsSync(join(UNPACKED, "usr/lib/python3/dist-packages/swift"))) {
            throw new Error(`no Swift in ${UNPACKED}: deploy/local/deps --integration fetches it`);
        }
        this.dir = mkdtempSync(join(tmpdir(), "duel-swift-"));
        mkdirSync(join(this.dir, "devices/disk"), { recursive: true });
        const ports = { account: await freePort(), container: await freePort(), object: await freePort() };
        this.port = await freePort();
        writeFileSync(join(this.dir, "swift.conf"), "[swift-hash]\nswift_hash_path_suffix = tests\n");
        await this.#python(MAKE_RINGS, this.dir, JSON.stringify(ports));
        for (const [name, port] of Object.entries(ports)) {
            this.#serve(name, port, `[pipeline:main]\npipeline = ${name}-server\n`
                + `[app:${name}-server]\nuse = egg:swift#${name}\n`);
        }
        this.#serve("proxy", this.port, this.#proxy());
        for (const port of [...Object.values(ports), this.port]) {
            await until(() => accepts(port), "Swift", () => this.log);
        }
        await this.put("");
    }

    /** tempauth insists on a memcache but does without one that does not answer. */
    #proxy() {
        const noMemcache = 9;
        const [account, user] = this.key.split(":");
        return `[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${noMemcache}
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = ${this.region}
[filter:tempauth]
use = egg:swift#tempauth
user_${account}_${user} = ${this.secret} .admin
[filter:slo]
use = egg:swift#slo
`;
    }

    #serve(name, port, config) {
        const file = join(this.dir, `${name}-server.conf`);
        writeFileSync(file, `[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = ${port}\nworkers = 0\n`
            + `user = ${userInfo().username}\nswift_dir = ${this.dir}\ndevices = ${this.dir}/devices\n`
            + `mount_check = false\nlog_address = ${this.dir}/no-syslog\nfallocate_reserve = 0\n${config}`);
        const child = spawn(PYTHON, ["-c", RUN, this.dir, file, `${name}-server`], {
            env: environment(), cwd: this.dir, stdio: ["ignore", "pipe", "pipe"],
        });
        child.stdout.on("data", (part) => (this.log += part));
        child.stderr.on("data", (part) => (this.log += part));
        this.children.push(child);
    }

    async #python(program, ...words) {
        const child = spawn(PYTHON, ["-c", program, ...words], {
            env: environment(), stdio: ["ignore", "ignore", "pipe"],
        });
        child.stderr.on("data", (part) => (this.log += part));
        const code = await new Promise((done) => child.once("exit", done));
        if (code !== 0) {
            throw new Error(`Swift's rings could not be made:\n${this.log}`);
        }
    }

    async stop() {
        for (const child of this.children.splice(0)) {
            if (child.exitCode === null) {
                const ended = new Promise((done) => child.once("exit", done));
                child.kill("SIGKILL");
                await ended;
            }
        }
        if (this.dir) {
            rmSync(this.dir, { recursive: true, force: true });
        }
    }

    get settings() {
        return {
            DUEL_FRAMES: `s3://${this.bucket}`, R2_ENDPOINT: `http://127.0.0.1:${this.port}`,
            R2_ACCESS_KEY: this.key, R2_SECRET_KEY: this.secret, R2_REGION: this.region,
        };
    }

    /** Puts an object, or without a name makes the bucket; signed by Amazon's own signer. */
    async put(name, bytes = Buffer.alloc(0)) {
        const path = canonicalPath(`/${this.bucket}${name ? `/${encodeURI(name)}` : ""}`);
        const signer = new SignatureV4({
            service: "s3", region: this.region, sha256: Sha256, uriEscapePath: false,
            credentials: { accessKeyId: this.key, secretAccessKey: this.secret },
        });
        const { headers } = await signer.sign({
            method: "PUT", protocol: "http:", hostname: "127.0.0.1", port: this.port, path, query: {},
            headers: {
                host: `127.0.0.1:${this.port}`,
                "x-amz-content-sha256": createHash("sha256").update(bytes).digest("hex"),
            },
        });
        const response = await fetch(`http://127.0.0.1:${this.port}${path}`,
            { method: "PUT", headers, body: bytes });
        if (response.status !== 200) {
            const why = `${response.status} ${await response.text()}`;
            throw new Error(`PUT ${path}: ${why}\n${this.log.slice(-3000)}`);
        }
    }
}
