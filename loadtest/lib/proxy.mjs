// A reverse proxy as deployments have one: requests for /api/duel/n/<node>/ go to that node, all others to
// any that is ready. It says in a header which node answered.

import { createServer, request as askHttp } from "node:http";
import { connect } from "node:net";

const CONNECT_MS = 5_000;

export class Proxy {
    #turn = 0;
    #server = null;
    #sockets = new Set();

    /** `backends()`: processes that may be asked, each {node, port, isUp}, newest last. */
    constructor(backends) {
        this.backends = backends;
    }

    async start() {
        this.#server = createServer((request, response) =>
            this.#pass(request, response, this.#choose(request.url)));
        this.#server.on("upgrade", (request, socket, head) => {
            this.#watch(socket);
            this.#splice(request, socket, head, this.#choose(request.url));
        });
        await new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
        this.port = this.#server.address().port;
    }

    stop() {
        this.#server?.closeAllConnections();
        this.#server?.close();
        for (const socket of this.#sockets) {
            socket.destroy();
        }
    }

    #watch(socket) {
        this.#sockets.add(socket);
        socket.on("close", () => this.#sockets.delete(socket));
        socket.setNoDelay(true);
    }

    /** In the order in which to try: those that are up first, each in turn. */
    #choose(url) {
        const node = /^\/api\/duel\/n\/([a-z0-9-]+)\//.exec(url)?.[1];
        const all = this.backends().filter((one) => !node || one.node === node);
        const turned = all.map((_, index) => all[(index + this.#turn) % all.length]);
        this.#turn++;
        return [...turned.filter((one) => one.isUp), ...turned.filter((one) => !one.isUp)];
    }

    #pass(request, response, [backend, ...others]) {
        if (!backend) {
            response.writeHead(502).end();
            return;
        }
        const onward = askHttp({ host: "127.0.0.1", port: backend.port, path: request.url,
            method: request.method, headers: request.headers, agent: false }, (answer) => {
            response.writeHead(answer.statusCode, { ...answer.headers, "x-served-by": backend.node });
            answer.pipe(response);
            answer.on("error", () => response.destroy());
        });
        onward.on("error", (error) => {
            if (error.code === "ECONNREFUSED") {
                this.#pass(request, response, others);
            } else if (!response.headersSent) {
                response.writeHead(502).end();
            }
        });
        response.on("close", () => onward.destroy());
        onward.end();
    }

    #splice(request, socket, head, [backend, ...others]) {
        if (!backend) {
            socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return;
        }
        const upstream = connect({ host: "127.0.0.1", port: backend.port, timeout: CONNECT_MS });
        this.#watch(upstream);
        let isConnected = false;
        const bye = () => socket.destroy();
        socket.on("error", () => {});
        upstream.on("connect", () => {
            isConnected = true;
            upstream.setTimeout(0);
            upstream.write(headOf(request));
            upstream.write(head);
            upstream.once("data", (data) => {
                socket.write(signed(data, backend.node));
                upstream.pipe(socket);
            });
            socket.pipe(upstream);
        });
        upstream.on("timeout", () => upstream.destroy());
        upstream.on("error", () => {});
        upstream.on("close", () => {
            if (!isConnected && !socket.destroyed) {
                this.#splice(request, socket, head, others);
            } else if (socket.writableLength > 0) {
                socket.end(bye); // what it said last is not to be lost
            } else {
                bye();
            }
        });
        socket.on("close", () => upstream.destroy());
    }
}

function headOf(request) {
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    }
    return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The answer with one header more, behind its first line. */
function signed(data, node) {
    const end = data.indexOf("\r\n") + 2;
    return Buffer.concat([data.subarray(0, end), Buffer.from(`X-Served-By: ${node}\r\n`), data.subarray(end)]);
}
