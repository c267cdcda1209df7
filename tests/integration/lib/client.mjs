// A client that knows only the contract: npm's ws and @msgpack/msgpack, WebCrypto for the frames.
// Nothing of the server is imported here.

import { decode, encode } from "@msgpack/msgpack";
import { WebSocket } from "ws";

export const PROTOCOL = "framedle.duel.v1";
const PATIENCE_MS = 20_000; // a bound on waiting, not a claim about speed

/** Rejects when `promise` takes longer than anybody should wait. */
export function within(promise, what, ms = PATIENCE_MS) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** One WebSocket: keeps what arrived until somebody takes it. */
export class Connection {
    constructor(url, { protocols = [PROTOCOL], token, origin, headers = {} } = {}) {
        const all = { ...headers };
        if (token) {
            all.Authorization = `Bearer ${token}`;
        }
        this.arrived = []; // every message, in order
        this.frames = []; // how many messages each WebSocket frame held
        this.unread = [];
        this.waiting = [];
        this.ws = new WebSocket(url, protocols, { headers: all, origin, perMessageDeflate: false });
        this.ws.binaryType = "nodebuffer";
        this.opened = new Promise((resolve, reject) => {
            this.ws.on("open", resolve);
            this.ws.on("unexpected-response", (request, response) => {
                let body = "";
                response.on("data", (part) => (body += part));
                response.on("end", () => reject(Object.assign(new Error(`HTTP ${response.statusCode}`),
                    { status: response.statusCode, body })));
            });
            this.ws.on("error", reject);
        });
        this.opened.catch(() => {});
        this.closed = new Promise((resolve) => {
            this.ws.on("close", (code, reason) => {
                this.end = { code, reason: reason.toString() };
                for (const wait of this.waiting.splice(0)) {
                    wait.reject(new Error(`closed ${code} ${reason} while waiting for ${wait.what}`));
                }
                resolve(this.end);
            });
        });
        this.ws.on("message", (data, isBinary) => this.#receive(data, isBinary));
    }

    #receive(data, isBinary) {
        if (!isBinary) {
            throw new Error("the server sent a text frame");
        }
        const decoded = decode(data, { useBigInt64: false });
        const messages = Array.isArray(decoded) ? decoded : [decoded];
        if (messages.length === 0 || messages.some(Array.isArray)) {
            throw new Error("an empty or nested batch");
        }
        this.frames.push(messages.length);
        for (const message of messages) {
            this.arrived.push(message);
            const place = this.waiting.findIndex((wait) => wait.wants(message));
            if (place >= 0) {
                this.waiting.splice(place, 1)[0].resolve(message);
            } else {
                this.unread.push(message);
            }
        }
    }

    /** The first message that is `t` (and `also`), among those that nobody took yet. */
    take(t, also = () => true) {
        const wants = (message) => message.t === t && also(message);
        const place = this.unread.findIndex(wants);
        if (place >= 0) {
            return Promise.resolve(this.unread.splice(place, 1)[0]);
        }
        if (this.end) {
            return Promise.reject(new Error(`closed ${this.end.code} ${this.end.reason}, no ${t}`));
        }
        const promise = new Promise((resolve, reject) => {
            this.waiting.push({ wants, resolve, reject, what: t });
        });
        return within(promise, t).catch((error) => {
            throw new Error(`${error.message}; there came: ${this.arrived.map((one) => one.t).join(" ")}`);
        });
    }

    count(t) {
        return this.arrived.filter((message) => message.t === t).length;
    }

    send(message) {
        this.ws.send(encode(message));
    }

    sendRaw(data, options = { binary: true }) {
        this.ws.send(data, options);
    }

    async close(code = 1000) {
        this.ws.close(code);
        return within(this.closed, "close");
    }

    /** As when the phone loses its network: nothing is said. */
    cut() {
        this.ws.terminate();
    }

    ends() {
        return within(this.closed, "the server's close");
    }
}

/** Opens a sealed frame (contract section 6). */
export async function openFrame(body, key, url) {
    const token = url.slice(url.lastIndexOf("/") + 1);
    const secret = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    const plain = Buffer.from(await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: body.subarray(0, 12), additionalData: Buffer.from(token), tagLength: 128 },
        secret, body.subarray(12)));
    if (plain.length % 32768 !== 0) {
        throw new Error(`${plain.length} bytes are no multiple of 32 KiB`);
    }
    const size = plain.readUInt32BE(0);
    if (plain.subarray(4 + size).some((byte) => byte !== 0)) {
        throw new Error("the padding is not zeros");
    }
    return plain.subarray(4, 4 + size);
}

/** One person: a token, an address, and what the contract lets them do. */
export class Player {
    constructor(base, token) {
        this.base = base; // http://127.0.0.1:port/api/duel
        this.token = token;
    }

    /** The same person at another address. */
    at(base) {
        return new Player(base, this.token);
    }

    #ws(path) {
        return this.base.replace(/^http/, "ws") + path;
    }

    /** Waits for an opponent; authenticates by the first message, as browsers do. */
    async queue({ how = "message", ...options } = {}) {
        return this.#open(this.#ws("/queue"), how, options);
    }

    /** Connects to a match found: with its ticket when there is one. */
    async match({ path, resume, how = resume ? "ticket" : "message" }, options = {}) {
        const origin = new URL(this.base).origin.replace(/^http/, "ws");
        const connection = await this.#open(origin + path, how, options, resume);
        return connection;
    }

    async #open(url, how, options, resume) {
        const more = { ...options };
        if (how === "header") {
            more.token = this.token;
        } else if (how === "ticket") {
            more.protocols = [PROTOCOL, `r.${resume}`];
        }
        const connection = new Connection(url, more);
        await within(connection.opened, "the upgrade");
        if (how === "message") {
            connection.send({ t: "auth", token: this.token });
        }
        return connection;
    }

    async get(path, options = {}) {
        const response = await fetch(this.base + path, {
            ...options,
            headers: { Authorization: `Bearer ${this.token}`, ...options.headers },
        });
        return { status: response.status, headers: response.headers, body: await response.json() };
    }

    /** The sealed body of a `frame` message. */
    async load(frame) {
        const response = await fetch(new URL(frame.url, this.base));
        if (response.status !== 200) {
            throw new Error(`frame: HTTP ${response.status}`);
        }
        const body = Buffer.from(await response.arrayBuffer());
        if (body.length !== frame.size) {
            throw new Error(`frame: ${body.length} bytes, ${frame.size} were announced`);
        }
        return body;
    }
}

/** Both join the queue and are found; resolves to [{player, matched}, …] by slot of nobody yet. */
export async function pair(...players) {
    const sockets = [];
    for (const player of players) {
        const socket = await player.queue();
        sockets.push(socket);
    }
    const matched = await Promise.all(sockets.map((socket) => socket.take("matched")));
    await Promise.all(sockets.map((socket) => socket.ends()));
    return matched;
}

/** Pairs two players and connects both: {match, seats: [{player, socket, matched, welcome} by slot]}. */
export async function meet(a, b) {
    const found = await pair(a, b);
    const seats = [];
    for (const [index, player] of [a, b].entries()) {
        const socket = await player.match(found[index]);
        const welcome = await socket.take("welcome");
        seats[welcome.you] = { player, socket, matched: found[index], welcome };
    }
    return { match: found[0].match, seats };
}

/** Plays round `number` up to its start: loads the frame, says ready, opens it. */
export async function startRound(seat, number) {
    const known = seat.welcome?.frame?.round === number; // who came late got it with the welcome
    const frame = known ? seat.welcome.frame
        : await seat.socket.take("frame", (message) => message.round === number);
    const sealed = await seat.player.load(frame);
    seat.socket.send({ t: "ready", round: number });
    const round = await seat.socket.take("round", (message) => message.round === number);
    const image = await openFrame(sealed, round.key, frame.url);
    return { frame, round, image };
}
