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

async function ask(env, path, { method = "GET", body, token = null, signal }) {
    const headers = { Accept: "application/json" };
    if (token !== null) {
        headers.Authorization = `Bearer ${token}`;
    }
    if (body !== undefined) {
        headers["Content-Type"] = "application/json";
    }
    const request = { method, headers, credentials: "omit", body: body && JSON.stringify(body) };
    const url = env.origin + env.basePath + path;
    const read = async (response) => ({
        status: response.status,
        retryAfter: response.headers.get("Retry-After"),
        body: await response.json().catch(() => null),
    });
    try {
        return await fetchWithin(env, url, request, read, { signal });
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

/**
 * `data` of the answer; a refused token is asked for anew once.
 *
 * @param answer names its shape
 * @param options.method, options.body: GET without one by default; options.isPublic: no token is needed
 */
export async function askJson(env, path, answer, { method, body, signal, isPublic = false }) {
    const once = async (refresh) => {
        const token = isPublic ? null : await getToken(env, refresh, signal);
        return ask(env, path, { method, body, token, signal });
    };
    let reply = await once(false);
    if (reply.status === 401 && !isPublic) {
        reply = await once(true);
    }
    if (reply.status !== 200) {
        throw refusal(env, reply);
    }
    if (!ANSWERS[answer](reply.body?.data)) {
        throw new DuelProblem({ code: "BAD_ANSWER", message: `${path} has another shape` });
    }
    return reply.body.data;
}
