#!/usr/bin/env node
// Serves the page on which two browser windows duel, on the loopback interface only: the files of page/,
// the client of protocol/js, its MessagePack codec, and what the page has to know in /config.json.
//
//   page.mjs --port PORT --server http://127.0.0.1:4100 --issuer http://127.0.0.1:4180
//                                          prints its address when it listens
//
// Routes: GET a file · GET /config.json {server, issuer, players: [{key, name, country, sub}]} ·
// POST /token?sub=… is passed on to the stand-in Logto · POST /player?name=… names a new local player
// {sub, name, country}; with DATABASE_URL set their row is written as Logto's webhook would have done.
// It has an origin of its own, so the page reaches the server as any web page would: by CORS.

import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PLAYERS } from "./sample.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(HERE, "../..");
const HOST = "127.0.0.1";
const NAME_MAX = 32;
const ISSUER_MS = 5_000;

/** Address prefix → folder; the longest that fits is taken. */
const FOLDERS = [
    ["/duel/", join(ROOT, "protocol/js")],
    ["/msgpack/", join(ROOT, "tests/node_modules/@msgpack/msgpack/dist.esm")],
    ["/", join(HERE, "page")],
];

const TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
};

/** The import map is the page's only inline script; its hash is what the policy lets through. */
function inlineHash() {
    const html = readFileSync(join(HERE, "page/index.html"), "utf8");
    const inline = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)[1];
    return `'sha256-${createHash("sha256").update(inline).digest("base64")}'`;
}

function contentPolicy(server) {
    return [
        "default-src 'none'",
        `script-src 'self' ${inlineHash()}`,
        "style-src 'self'",
        "img-src 'self' blob: https:",
        "manifest-src 'self'",
        `connect-src 'self' ${server} ${server.replace(/^http/, "ws")}`,
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ].join("; ");
}

/** The file of an address, or null: each part is a plain name and the file lies where it should. */
function fileOf(path) {
    const [prefix, folder] = FOLDERS.find(([start]) => path.startsWith(start));
    const rest = path.slice(prefix.length) || "index.html";
    if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]*(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/.test(rest)) {
        return null;
    }
    try {
        const file = realpathSync(join(folder, rest));
        return file.startsWith(realpathSync(folder) + sep) ? file : null;
    } catch {
        return null;
    }
}

const keyOf = (name) =>
    name
        .normalize("NFKD")
        .toLowerCase()
        .replace(/[^0-9a-z]/g, "");

/** The same name is the same player on this machine: 12 of 0-9a-z, as Logto's ids are. */
function newPlayer(given) {
    const name = [...given.replace(/\p{C}/gu, "").trim()].slice(0, NAME_MAX).join("");
    if (!name) {
        return null;
    }
    const digest = BigInt(`0x${createHash("sha256").update(name).digest("hex")}`).toString(36);
    return { sub: (keyOf(name).slice(0, 7) + digest).slice(0, 12), name, country: null };
}

function openDatabase(address) {
    if (!address) {
        return null;
    }
    const { Pool } = createRequire(new URL("../../tests/package.json", import.meta.url))("pg");
    const pool = new Pool({ connectionString: address, max: 1 });
    pool.on("error", (error) => console.error(`page: PostgreSQL: ${error.message}`));
    return pool;
}

function answer(response, status, body) {
    response.writeHead(status, { "content-type": TYPES[".json"] });
    response.end(JSON.stringify(body));
}

class Page {
    constructor({ server, issuer }) {
        this.issuer = issuer;
        this.policy = contentPolicy(server);
        this.database = openDatabase(process.env.DATABASE_URL);
        const players = PLAYERS.map(({ name, country, sub }) => ({ key: keyOf(name), name, country, sub }));
        this.config = { server, issuer, players };
    }

    async serve(request, response) {
        const url = new URL(request.url, "http://localhost");
        response.setHeader("content-security-policy", this.policy);
        response.setHeader("x-content-type-options", "nosniff");
        response.setHeader("referrer-policy", "no-referrer");
        response.setHeader("cache-control", "no-cache");
        if (request.method === "POST" && url.pathname === "/token") {
            await this.passToken(url, response);
        } else if (request.method === "POST" && url.pathname === "/player") {
            await this.addPlayer(url, response);
        } else if (request.method !== "GET" && request.method !== "HEAD") {
            answer(response, 405, { error: "method_not_allowed" });
        } else if (url.pathname === "/config.json") {
            answer(response, 200, this.config);
        } else {
            await this.sendFile(url.pathname, request.method, response);
        }
    }

    async sendFile(path, method, response) {
        const file = fileOf(path);
        const type = file && TYPES[extname(file)];
        const body = type && (await readFile(file).catch(() => null));
        if (!body) {
            answer(response, 404, { error: "not_found" });
            return;
        }
        response.writeHead(200, { "content-type": type, "content-length": body.length });
        response.end(method === "HEAD" ? undefined : body);
    }

    async passToken(url, response) {
        const target = new URL("/token", this.issuer);
        target.search = new URLSearchParams({ sub: url.searchParams.get("sub") ?? "" });
        try {
            const signal = AbortSignal.timeout(ISSUER_MS);
            const given = await fetch(target, { method: "POST", signal });
            answer(response, given.status, await given.json());
        } catch {
            answer(response, 502, { error: "unreachable" });
        }
    }

    async addPlayer(url, response) {
        const player = newPlayer(url.searchParams.get("name") ?? "");
        if (!player) {
            answer(response, 400, { error: "name" });
            return;
        }
        await this.database?.query(
            "insert into users (auth_provider_id, display_name) values ($1, $2) " +
                "on conflict (auth_provider_id) do nothing",
            [player.sub, player.name],
        );
        answer(response, 200, player);
    }
}

/** Listens on 127.0.0.1; resolves to the HTTP server. */
export function serve({ port, server, issuer }) {
    const page = new Page({ server, issuer });
    const listener = createServer((request, response) => {
        page.serve(request, response).catch((error) => {
            console.error(`page: ${error.message}`);
            if (!response.headersSent) {
                answer(response, 500, { error: "failed" });
            }
        });
    });
    return new Promise((resolve, reject) => {
        listener.once("error", reject);
        listener.listen(port, HOST, () => resolve(listener));
    });
}

async function main() {
    const { values } = parseArgs({
        options: {
            port: { type: "string" },
            server: { type: "string" },
            issuer: { type: "string" },
        },
    });
    if (!values.port || !values.server || !values.issuer) {
        console.error("usage: page.mjs --port PORT --server URL --issuer URL");
        process.exit(64);
    }
    const listener = await serve({
        port: Number(values.port),
        server: new URL(values.server).origin,
        issuer: new URL(values.issuer).origin,
    });
    console.log(`http://${HOST}:${listener.address().port}`);
    for (const signal of ["SIGINT", "SIGTERM"]) {
        process.on(signal, () => process.exit(0));
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    main().catch((error) => {
        console.error(`page: ${error.message}`);
        process.exit(1);
    });
}
