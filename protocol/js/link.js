// One connection that is kept up: says who is calling, comes back with back-off when it is lost, follows
// redirections, notices a dead line and measures the server's clock. Knows of messages only `auth`, `ping`,
// `pong` and the `error` and `timeout` before a close.

import { backOff, judgeClose, LATER, SOON } from "./closes.js";
import { createPace } from "./pace.js";
import { problem } from "./problem.js";
import { askToken } from "./token.js";
import { decodeMessages, encodeMessage, isTokenTooLong, PROTOCOL } from "./wire.js";

const CONNECT_MS = 10_000;
const SENT_MS = 4_000; // where it was sent to: a node that hangs must not take up the grace of 15 s
const PROBE_SOON_MS = 2_500; // how long a line may stay silent that is doubted already
const FIRST_PROBES = 4; // one behind the other, for the clock
const STEADY_MS = 5_000; // as long online and the next loss counts as the first
const TOKEN_TRIES = 3;
const HOPS_MAX = 4;
const PACE = { perSecond: 30, burst: 60 }; // the server's: 40 a second over a burst of 120

/**
 * @param env see env.js
 * @param options.path where to connect; options.first: where to try first, or null
 * @param options.ticket to come back with, or null
 * @param options.clock gets the probes; options.probeMs, options.deadMs: how often, and how long silence is
 *     borne after one
 * @param options.mayFollow (path) => whether a redirection there is one; options.mayRetry () => whether
 *     coming back is of use; options.isDone () => whether close 1000 is to be believed
 * @param options.onChange ({connection, retryAt, problem}); options.onMessage (message);
 *     options.onEnd (problem | null): it is over and nothing more will come; null for close 1000
 */
export function createLink(env, options) {
    const { clock, onChange, onEnd, onMessage, mayFollow, mayRetry, isDone } = options;
    const { probeMs, deadMs } = options;
    const pace = createPace(env, PACE);
    let path = options.first ?? options.path;
    let ticket = options.ticket ?? null;
    let socket = null;
    let over = false;
    let attempt = 0;
    let hops = 0;
    let turn = 0; // what was begun in an earlier one is void
    let refreshed = false;
    let refresh = false;
    let tokenFailures = 0;
    let asking = new AbortController(); // for a token
    let opened = false;
    let online = false;
    let error = null;
    let timedOut = false;
    let probes = new Map(); // number → when it was sent
    let probeNumber = 0;
    let burst = 0;
    const timers = { retry: null, connect: null, probe: null, dead: null, steady: null };

    function arm(name, ms, run) {
        disarm(name);
        timers[name] = env.setTimeout(() => {
            timers[name] = null;
            run();
        }, ms);
    }

    function disarm(name) {
        env.clearTimeout(timers[name]);
        timers[name] = null;
    }

    function disarmAll() {
        Object.keys(timers).forEach(disarm);
        pace.clear();
        asking.abort();
    }

    // ---- connecting ----

    async function connect() {
        const mine = ++turn;
        disarmAll();
        onChange({ connection: "connecting", retryAt: null, problem: null });
        let token = null;
        if (ticket === null) {
            token = await getToken(mine);
            if (token === null) {
                return;
            }
        }
        if (!over && mine === turn) {
            openSocket(mine, token);
        }
    }

    /** Null: there is none, and what is to happen has been arranged. */
    async function getToken(mine) {
        asking = new AbortController();
        let token;
        try {
            token = await askToken(env, { refresh }, asking.signal);
        } catch (thrown) {
            if (!over && mine === turn) {
                tokenFailed(thrown);
            }
            return null;
        }
        if (over || mine !== turn) {
            return null;
        }
        refresh = false;
        tokenFailures = 0;
        if (typeof token !== "string" || token === "") {
            finish(problem("AUTH_REQUIRED", { message: "token() gave no token", final: true }));
            return null;
        }
        if (isTokenTooLong(token)) {
            finish(problem("AUTH_TOKEN_TOO_LONG", { final: true }));
            return null;
        }
        return token;
    }

    function tokenFailed(thrown) {
        const message = String(thrown?.message ?? thrown);
        tokenFailures++;
        if (tokenFailures >= TOKEN_TRIES && env.isOnline()) {
            finish(problem("TOKEN_CALLBACK_FAILED", { message, final: true }));
        } else {
            wait(problem("TOKEN_CALLBACK_FAILED", { message }), LATER);
        }
    }

    function openSocket(mine, token) {
        const protocols = ticket === null ? [PROTOCOL] : [PROTOCOL, `r.${ticket}`];
        opened = false;
        online = false;
        error = null;
        timedOut = false;
        probes = new Map();
        try {
            socket = new env.WebSocket(env.wsOrigin + path, protocols);
        } catch (thrown) {
            finish(problem("NO_WEBSOCKET", { message: String(thrown?.message ?? thrown), final: true }));
            return;
        }
        const current = socket;
        const ifMine = (run) => (event) => {
            if (!over && mine === turn && current === socket) {
                run(event);
            }
        };
        current.binaryType = "arraybuffer";
        current.onopen = ifMine(() => sayHello(token));
        current.onmessage = ifMine((event) => receive(event.data));
        current.onerror = () => {}; // `close` follows and says more
        current.onclose = ifMine((event) => closed(event.code, event.reason));
        arm("connect", path === options.path ? CONNECT_MS : SENT_MS, () => drop("no answer"));
    }

    function sayHello(token) {
        opened = true;
        if (token !== null) {
            sendNow({ t: "auth", token });
        }
        burst = FIRST_PROBES;
        probe(CONNECT_MS);
    }

    // ---- talking ----

    function sendNow(message) {
        if (socket !== null && socket.readyState === 1) {
            try {
                socket.send(encodeMessage(message));
            } catch {
                // The close that follows tells.
            }
        }
    }

    function receive(data) {
        if (typeof data === "string") {
            return;
        }
        const mine = turn;
        for (const message of decodeMessages(data)) {
            if (over || mine !== turn) {
                return;
            }
            heard();
            take(message);
        }
    }

    function heard() {
        if (!online) {
            online = true;
            disarm("connect");
            arm("steady", STEADY_MS, steady);
        }
    }

    function steady() {
        attempt = 0;
        hops = 0;
        refreshed = false;
    }

    function take(message) {
        if (message.t === "pong") {
            pong(message);
        } else if (message.t === "error") {
            error = message;
        } else if (message.t === "timeout") {
            timedOut = true;
        } else {
            error = null;
        }
        onMessage(message);
    }

    // ---- is the line alive, and what time is it there ----

    function probe(limitMs) {
        probes.set(++probeNumber, env.now());
        sendNow({ t: "ping", ts: probeNumber });
        disarm("probe"); // the next one follows the answer
        watch(limitMs);
    }

    function watch(limitMs) {
        const due = env.now() + limitMs;
        const asked = probeNumber;
        arm("dead", limitMs, () => {
            if (env.now() - due > 1000) {
                // The machine slept, or the page was in the background: what came meanwhile was not read yet.
                probe(PROBE_SOON_MS);
            } else if (probes.has(asked)) {
                drop("silent");
            }
        });
    }

    function pong({ ts, now }) {
        const sentAt = probes.get(ts);
        if (sentAt === undefined) {
            return;
        }
        for (const number of probes.keys()) {
            if (number <= ts) {
                probes.delete(number);
            }
        }
        disarm("dead");
        clock.probe(sentAt, env.now(), now);
        if (--burst > 0) {
            probe(deadMs);
        } else {
            arm("probe", probeMs, () => probe(deadMs));
        }
    }

    // ---- losing it ----

    /** Gives a socket up without waiting for its close. */
    function drop(reason) {
        hangUp(true);
        closed(1006, reason);
    }

    /** `isDead`: nobody is there to answer a close; npm's ws would wait for it, and keep the process. */
    function hangUp(isDead = !online) {
        const old = socket;
        socket = null;
        if (old !== null) {
            old.onopen = old.onmessage = old.onclose = null;
            try {
                if (isDead && typeof old.terminate === "function") {
                    old.terminate();
                } else {
                    old.close(1000);
                }
            } catch {
                // It was gone already.
            }
        }
    }

    function closed(code, reason) {
        const wasOnline = online;
        socket = null;
        online = false;
        turn++;
        disarmAll();
        if (!wasOnline && code !== 4421) {
            path = options.path; // where it was sent to may be gone
        }
        if (code === 1000 && isDone()) {
            finish(null);
        } else if (code === 4401 && ticket !== null) {
            ticket = null; // the token may still do
            wait(null, null);
        } else if (code === 4401 && !refreshed) {
            refreshed = true;
            refresh = true;
            wait(null, null);
        } else if (code === 4421 && mayFollow(reason)) {
            redirected(reason);
        } else {
            judge({ code, reason: String(reason ?? ""), opened: opened && wasOnline });
        }
    }

    function judge({ code, reason, opened: wasOpen }) {
        const now = env.now();
        const told = error && { ...error, until: clock.toLocal(error.until) };
        const judged = judgeClose(
            { code, reason, opened: wasOpen, online: env.isOnline(), error: told, timedOut }, now);
        if (judged.delay === null || !mayRetry()) {
            finish(judged.problem);
        } else {
            wait(judged.problem, judged.delay, (judged.problem.until ?? now) - now);
        }
    }

    function redirected(to) {
        const same = to === path;
        path = to;
        hops++;
        if (same || hops > HOPS_MAX) {
            path = options.path;
            wait(problem("MOVED", { close: 4421, message: "moved in circles" }), SOON);
        } else {
            wait(null, null);
        }
    }

    /** The next attempt: at once without `delay`. */
    function wait(why, delay, least = 0) {
        if (delay === null) {
            connect();
            return;
        }
        hops = 0; // in circles is what takes no time
        const ms = backOff(delay, attempt++, env.random, least);
        arm("retry", ms, connect);
        onChange({ connection: "offline", retryAt: env.now() + ms, problem: why });
    }

    function finish(why) {
        if (!over) {
            end();
            onEnd(why);
        }
    }

    function end() {
        over = true;
        turn++;
        disarmAll();
        unlisten();
        hangUp();
    }

    // ---- what the browser knows ----

    function awake() {
        if (timers.retry !== null) {
            connect();
        } else if (online) {
            probe(PROBE_SOON_MS);
        }
    }

    const unlisten = env.listen({
        online: awake,
        offline: () => online && probe(PROBE_SOON_MS),
        visible: awake,
    });

    connect();

    return {
        /** Online and known to the server. */
        get isOnline() {
            return online && socket !== null;
        },
        get path() {
            return path;
        },
        /** A newer ticket to come back with. */
        keep(newer) {
            ticket = newer;
        },
        /** The server has let this socket in: it is more than open. */
        welcome() {
            onChange({ connection: "online", retryAt: null, problem: null });
        },
        /** Says it now, or never: what has to be said again later is the caller's to know. */
        send(message) {
            if (online) {
                const mine = turn;
                pace.do(() => mine === turn && sendNow(message));
            }
        },
        /** Ends it without a word to the owner. */
        close() {
            if (!over) {
                end();
            }
        },
    };
}

