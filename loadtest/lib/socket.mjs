// One WebSocket of a bot: opens with a token or a ticket, hands messages on, and says how it ended.

import { decode, encode, WebSocket } from "./packages.mjs";

const PROTOCOL = "framedle.duel.v1";
const OPEN_MS = 6_000;
const LOOK_MS = 2_000;

export class Socket {
    /** `how`: {ticket} or {token}; `silenceMs`: for so long nothing may come before it is given up. */
    constructor(url, how, { onMessage, headers, silenceMs = 0 }) {
        const protocols = how.ticket ? [PROTOCOL, `r.${how.ticket}`] : [PROTOCOL];
        this.ws = new WebSocket(url, protocols, { headers, perMessageDeflate: false, handshakeTimeout: OPEN_MS });
        this.node = null; // who answered
        this.isOpen = false;
        this.heardAt = Date.now();
        let refusal = null;
        this.ws.on("upgrade", (response) => (this.node = response.headers["x-served-by"] ?? null));
        this.ws.on("unexpected-response", (_, response) => {
            refusal = response.statusCode;
            this.ws.terminate();
        });
        this.ws.on("open", () => {
            this.isOpen = true;
            if (how.token) {
                this.send({ t: "auth", token: how.token });
            }
        });
        this.ws.on("error", () => {});
        this.ws.on("ping", () => (this.heardAt = Date.now()));
        this.ws.on("message", (data) => this.#receive(data, onMessage));
        const watch = silenceMs && setInterval(() => this.#giveUpAfter(silenceMs), LOOK_MS);
        this.closed = new Promise((done) => {
            this.ws.on("close", (code, reason) => {
                clearInterval(watch);
                done({ code, reason: reason.toString(), status: refusal, wasOpen: this.isOpen, node: this.node });
            });
        });
    }

    #receive(data, onMessage) {
        this.heardAt = Date.now();
        const decoded = decode(data);
        for (const message of Array.isArray(decoded) ? decoded : [decoded]) {
            onMessage(message, this);
        }
    }

    #giveUpAfter(ms) {
        if (this.isOpen && Date.now() - this.heardAt > ms) {
            this.cut();
        }
    }

    send(message) {
        if (this.ws.readyState === WebSocket.OPEN) {
            this.ws.send(encode(message));
        }
    }

    close() {
        this.ws.close(1000);
    }

    /** As when a phone loses its network. */
    cut() {
        this.ws.terminate();
    }
}
