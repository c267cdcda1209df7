// A person at an address of their own: what a browser has, on a connection from there.

import { request } from "node:http";
import { WebSocket } from "ws";
import { within } from "../../integration/lib/client.mjs";

export const ORIGIN = "https://framedle.wtf";

/** A browser's WebSocket: it sends its page's origin, and offers compression. */
export function socketsFrom(address) {
    return class extends WebSocket {
        constructor(url, protocols) {
            super(url, protocols, { localAddress: address, origin: ORIGIN });
        }
    };
}

/** Resolves to {status, headers, body: Buffer}. */
export function ask(url, { address, method = "GET", headers = {}, body, signal } = {}) {
    return within(new Promise((resolve, reject) => {
        const asked = request(url, { method, headers, localAddress: address, agent: false, signal });
        asked.on("response", (response) => {
            const parts = [];
            response.on("data", (part) => parts.push(part));
            response.on("error", reject);
            response.on("end", () => resolve({
                status: response.statusCode, headers: response.headers, body: Buffer.concat(parts),
            }));
        });
        asked.on("error", reject);
        asked.end(body);
    }), `${method} ${url}`);
}

/** As a page's fetch, as far as the client uses it. */
export function fetchFrom(address) {
    return async (url, { method, headers, body, signal } = {}) => {
        const answer = await ask(url,
            { address, method, body, signal, headers: { ...headers, Origin: ORIGIN } });
        return new Response(answer.body, { status: answer.status, headers: Object.entries(answer.headers) });
    };
}
