// Plain requests: JSON answers in Framedle's envelope, and the bytes of frames. Failures are Problems.

import { DuelProblem, isCode } from "./problem.js";
import { ANSWERS } from "./shapes.js";
import { askToken } from "./token.js";

const ANSWER_MS = 10_000;

/** `fetch` with a limit that covers the body too: `read(response)` is awaited inside it. */
export async function fetchWithin(env, url, options, read, { ms = ANSWER_MS, signal = null } = {}) {
    const stop = new AbortController();
    const timer = env.setTimeout(() => stop.abort(), ms);
    const abort = () => {
        env.clearTimeout(timer);
        stop.abort();
    };
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) {
        abort();
    }
    try {
        return await read(await env.fetch(url, { ...options, signal: stop.signal }));
    } finally {
        env.clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
    }
}

async function getToken(env, refresh, signal) {
    let token;
    try {
        token = await askToken(env, { refresh }, signal);
    } catch (error) {
        throw new DuelProblem({ code: "TOKEN_CALLBACK_FAILED", message: String(error?.message ?? error) });
    }
    if (typeof token !== "string" || token === "") {
        throw new DuelProblem({ code: "AUTH_REQUIRED", message: "token() gave no token", final: true });
    }
    return token;
}

async function ask(env, path, token, signal) {
    const headers = { Authorization: `Bearer ${token}`, Accept: "application/json" };
    const url = env.origin + env.basePath + path;
    const read = async (response) => ({
        status: response.status,
        retryAfter: response.headers.get("Retry-After"),
        body: await response.json().catch(() => null),
    });
    try {
        return await fetchWithin(env, url, { headers, credentials: "omit" }, read, { signal });
    } catch (error) {
        const code = env.isOnline() ? "CANNOT_CONNECT" : "OFFLINE";
        throw new DuelProblem({ code, message: String(error?.message ?? error) });
    }
}

function refusal(env, { status, retryAfter, body }) {
    const seconds = /^\d{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) : null;
    const code = isCode(body?.error?.code) ? body.error.code : "BAD_ANSWER";
    return new DuelProblem({
        code, message: String(body?.error?.message ?? `HTTP ${status}`),
        until: seconds === null ? null : env.now() + seconds * 1000,
        final: status >= 400 && status < 500 && status !== 429,
    });
}

/** `data` of the answer; a refused token is asked for anew once. `answer` names its shape. */
export async function getJson(env, path, answer, signal) {
    let reply = await ask(env, path, await getToken(env, false, signal), signal);
    if (reply.status === 401) {
        reply = await ask(env, path, await getToken(env, true, signal), signal);
    }
    if (reply.status !== 200) {
        throw refusal(env, reply);
    }
    if (!ANSWERS[answer](reply.body?.data)) {
        throw new DuelProblem({ code: "BAD_ANSWER", message: `${path} has another shape` });
    }
    return reply.body.data;
}
