// What a WebSocket's end means (the table of close codes in docs/protocol.md): what to tell, and whether to
// come back and how soon. Pure.

import { isCode, problem } from "./problem.js";

/** A wait that is longer is told to the person instead of being sat through. */
export const PATIENCE_MS = 30_000;

// Delays are full-jitter: chance × min(cap, base × 2^attempt), on top of what the server asked for.
export const SOON = { base: 500, least: 0 };
const SPREAD = { base: 1000, least: 0 };
export const LATER = { base: 2000, least: 500 };
const CAP_MS = 15_000;

// Coming back by itself does not help: a person has to wait, or to decide.
const FINAL = new Set(["BANNED", "COOLDOWN", "PLAYER_BUSY", "INVITE_EXPIRED"]);
// Closes whose reason may be a code.
const NAMING = new Set([4401, 4403, 4404, 4408, 4429, 4503]);

const come = (code, delay) => ({ code, final: false, delay });
const stop = (code) => ({ code, final: true });

const MEANINGS = {
    1001: come("CONNECTION_LOST", SOON),
    1003: stop("BAD_MESSAGE"),
    1008: come("CONNECTION_LOST", LATER),
    1009: stop("BAD_MESSAGE"),
    1011: come("UNAVAILABLE", LATER),
    1012: come("RESTARTING", SPREAD),
    1013: come("UNAVAILABLE", LATER),
    4400: stop("BAD_MESSAGE"),
    4401: stop("AUTH_REFUSED"),
    4403: stop("NOT_YOUR_MATCH"),
    4404: stop("NO_SUCH_MATCH"),
    4408: come("AUTH_TIMEOUT", LATER),
    4409: stop("REPLACED"),
    4410: stop("MATCH_OVER"),
    4421: come("MOVED", SOON),
    4429: come("TOO_FAST", LATER),
    4503: come("UNAVAILABLE", LATER),
};
const LOST = come("CONNECTION_LOST", SOON);

/**
 * @param end {code, reason, opened, online, error: the last `error` message or null, timedOut}
 * @param now in the same clock as error.until
 * @returns {problem, delay|null}; null: the end, as the close says
 */
export function judgeClose(end, now) {
    if (end.code === 4408 && end.timedOut) {
        return { problem: problem("QUEUE_TIMEOUT", { close: 4408, final: true }), delay: null };
    }
    const meaning = MEANINGS[end.code] ?? LOST;
    // An `error` with a seq was about one message, not about the socket.
    const error = (end.error?.seq ?? null) === null ? end.error : null;
    const until = error?.until ?? null;
    const tooLong = until !== null && until - now > PATIENCE_MS;
    const code = codeOf(end, meaning, error);
    const final = meaning.final || tooLong || FINAL.has(code);
    const told = problem(code, {
        message: error?.message || end.reason || `closed with ${end.code}`, close: end.code, until, final,
    });
    return { problem: told, delay: final ? null : meaning.delay };
}

function codeOf({ code, reason, online, opened }, meaning, error) {
    if (NAMING.has(code) && isCode(reason)) {
        return reason;
    }
    if ((code === 4429 || code === 4503) && isCode(error?.code)) {
        return error.code;
    }
    if (meaning === LOST) {
        return !online ? "OFFLINE" : opened ? "CONNECTION_LOST" : "CANNOT_CONNECT";
    }
    return meaning.code;
}

/** Milliseconds to wait before attempt number `attempt` (0 is the first after a loss). */
export function backOff(delay, attempt, random, wait = 0) {
    const reach = Math.min(CAP_MS, delay.base * 2 ** Math.min(attempt, 16));
    return Math.max(0, wait) + delay.least + Math.floor(random() * reach);
}
