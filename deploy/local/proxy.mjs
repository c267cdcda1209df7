#!/usr/bin/env node
// A small reverse proxy in front of several duel servers, as Traefik or nginx would stand there; on the
// loopback interface only.
//
//   proxy.mjs --port PORT --node a=http://127.0.0.1:4100 --node b=http://127.0.0.1:4101 [--base /api/duel]
//
// What asks for /api/duel/n/<node>/… goes to that node, everything else to each in turn; WebSocket upgrades
// too. A node that does not accept connections is passed over: any node serves the paths of another that is
// gone. It knows nothing of the game and looks at nothing but the address. GET /proxy says that it is there.

import { createServer, request as ask } from "node:http";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HOST = "127.0.0.1";
/** Of one hop only (RFC 9110, section 7.6.1); a body is framed anew. */
const HOP_HEADERS = ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

class Proxy {
    #turn = 0;

    constructor(nodes, base) {
        this.nodes = [...nodes].map(([name, address]) => ({ name, address: new URL(address) }));
        this.prefix = `${base}/n/`;
    }

    /** Whom to try, in this order. */
    #order(url) {
        const named = url.startsWith(this.prefix) ? url.slice(this.prefix.length).split("/")[0] : "";
        const turn = this.#turn++ % this.nodes.length;
        const all = [...this.nodes.slice(turn), ...this.nodes.slice(0, turn)];
        return [...all.filter(({ name }) => name === named), ...all.filter(({ name }) => name !== named)];
    }

    /** A connection to the first node that takes one, or null. */
    async #dial(url) {
        for (const { address } of this.#order(url)) {
            const socket = await new Promise((resolve) => {
                const one = connect(Number(address.port), address.hostname);
                one.setNoDelay(true);
                one.once("connect", () => resolve(one));
                one.once("error", () => resolve(null));
            });
            if (socket) {
                socket.on("error", () => {});
                return socket;
            }
        }
        return null;
    }

    async pass(request, response) {
        if (request.url === "/proxy") {
            response.end("here\n");
            return;
        }
        const socket = await this.#dial(request.url);
        if (!socket) {
            response.writeHead(502, { "content-type": "text/plain" }).end("no node is there\n");
            return;
        }
        const headers = Object.fromEntries(Object.entries(request.headers)
            .filter(([name]) => !HOP_HEADERS.includes(name)));
        const onward = ask({
            method: request.method, path: request.url, headers: { ...headers, connection: "close" },
            createConnection: () => socket,
        });
        onward.on("response", (answer) => {
            for (const name of HOP_HEADERS) {
                delete answer.headers[name];
            }
            response.writeHead(answer.statusCode, answer.headers);
            answer.pipe(response);
            answer.on("error", () => response.destroy());
        });
        onward.on("error", () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
        response.on("close", () => onward.destroy());
        request.pipe(onward);
    }

    /** After the request both ends speak to each other, and end together. */
    async upgrade(request, client, head) {
        client.on("error", () => {});
        const socket = await this.#dial(request.url);
        if (!socket || client.destroyed) {
            socket?.destroy();
            client.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n");
            return;
        }
        client.setNoDelay(true);
        const lines = [`${request.method} ${request.url} HTTP/1.1`];
        for (let at = 0; at < request.rawHeaders.length; at += 2) {
            lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
        }
        socket.write(`${lines.join("\r\n")}\r\n\r\n`);
        socket.write(head);
        client.pipe(socket).pipe(client);
        client.on("close", () => socket.destroy());
        socket.on("close", () => client.destroy());
    }
}

/** Resolves to the listening server; `nodes`: name → address. */
export async function serve({ port = 0, nodes, base = "/api/duel" }) {
    const proxy = new Proxy(nodes, base);
    const server = createServer((request, response) => proxy.pass(request, response));
    server.on("upgrade", (request, socket, head) => proxy.upgrade(request, socket, head));
    await new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, HOST, resolve);
    });
    return server;
}

async function main() {
    const { values } = parseArgs({ options: {
        port: { type: "string" }, node: { type: "string", multiple: true }, base: { type: "string" },
    } });
    const pairs = (values.node ?? []).map((text) => /^([a-z0-9-]+)=(.+)$/.exec(text)?.slice(1) ?? []);
    const nodes = new Map(pairs);
    if (!(nodes.size > 0) || nodes.has(undefined)) {
        throw new Error("wanted: --port PORT --node NAME=http://ADDRESS:PORT …");
    }
    const server = await serve({ port: Number(values.port ?? 0), nodes, base: values.base });
    const names = [...nodes].map(([name, address]) => `${name} (${address})`);
    console.log(`http://${HOST}:${server.address().port} in front of ${names.join(" and ")}`);
    process.on("SIGTERM", () => process.exit(0));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    main().catch((error) => {
        console.error(`proxy: ${error.message}`);
        process.exitCode = 1;
    });
}
