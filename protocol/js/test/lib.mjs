// For the tests of the client: players who use it against a real server, and a wire that can be cut.

import { connect, createServer } from "node:net";
import { WebSocket } from "ws";
import { within } from "../../../tests/integration/lib/client.mjs";
import { createDuel } from "../index.js";

/** sessionStorage as a page has it. */
export function createStorage() {
    const kept = new Map();
    return {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => kept.set(key, value),
        removeItem: (key) => kept.delete(key),
    };
}

/** A client of the world's server, known to `all` so that they can be reset after each test. */
export function client(all, world, sub, options = {}) {
    const duel = createDuel({
        server: `http://127.0.0.1:${world.port}`, WebSocket, token: () => world.token(sub), ...options,
    });
    duel.told = []; // every message, in order
    duel.problems = [];
    duel.on("message", (message) => duel.told.push(message));
    duel.on("problem", (problem) => duel.problems.push(problem));
    all.push(duel);
    return duel;
}

/** The first state that `wants` is true of. */
export function when(duel, wants, what) {
    let stop = () => {};
    const promise = new Promise((done) => {
        if (wants(duel.state)) {
            done(duel.state);
            return;
        }
        stop = duel.on("state", (state) => wants(state) && done(state));
    });
    return within(promise, what).finally(() => stop()).catch((error) => {
        throw new Error(`${error.message}; the state is ${JSON.stringify(duel.state)}`);
    });
}

/** The picture of round `number`, which is being played. */
export async function see(duel, number) {
    const state = await when(duel, ({ match }) => match?.phase === "round" && match.round.number === number &&
        match.round.picture, `the picture of round ${number}`);
    return Buffer.from(state.match.round.picture.bytes);
}

/** Both search and find each other: resolves when both play. */
export async function meet(...duels) {
    duels.forEach((duel) => duel.search());
    await Promise.all(duels.map((duel) => when(duel, ({ status }) => status === "playing", "playing")));
}

/** A wire to a port that can be cut, mended, and told to lose what comes back. */
export async function startWire(port) {
    const pairs = new Set();
    let broken = false;
    let deaf = false;
    const server = createServer((near) => {
        if (broken) {
            near.destroy();
            return;
        }
        const far = connect(port, "127.0.0.1");
        const pair = { near, far };
        pairs.add(pair);
        const end = () => {
            pairs.delete(pair);
            near.destroy();
            far.destroy();
        };
        near.on("data", (part) => far.write(part));
        far.on("data", (part) => deaf || near.write(part));
        for (const socket of [near, far]) {
            socket.on("error", end);
            socket.on("close", end);
        }
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const cut = () => {
        for (const { near, far } of pairs) {
            near.destroy();
            far.destroy();
        }
    };
    return {
        port: server.address().port,
        cut,
        lose() {
            broken = true;
            cut();
        },
        mend() {
            broken = false;
            deaf = false;
        },
        /** What the server says does not arrive any more; what is said to it does. */
        deafen() {
            deaf = true;
        },
        stop() {
            cut();
            return new Promise((done) => server.close(done));
        },
    };
}
