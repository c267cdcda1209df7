// What the client needs of the world around it: clock, timers, chance, sockets, fetch, and what a browser
// says about its line. All of it can be given, for tests and for Node.

import { DuelProblem } from "./problem.js";

/** The page's `online`, `offline` and `visibilitychange`, where there is a page. */
function listen({ online, offline, visible }) {
    if (typeof globalThis.document === "undefined" || typeof globalThis.addEventListener !== "function") {
        return () => {};
    }
    const shown = () => globalThis.document.visibilityState === "visible" && visible();
    globalThis.addEventListener("online", online);
    globalThis.addEventListener("offline", offline);
    globalThis.document.addEventListener("visibilitychange", shown);
    return () => {
        globalThis.removeEventListener("online", online);
        globalThis.removeEventListener("offline", offline);
        globalThis.document.removeEventListener("visibilitychange", shown);
    };
}

export function createEnv(options) {
    const server = new URL(options.server);
    if (server.protocol !== "https:" && server.protocol !== "http:") {
        throw new TypeError("server must be an http(s) origin");
    }
    const basePath = (options.basePath ?? "/api/duel").replace(/\/+$/, "");
    if (!/^(\/[A-Za-z0-9._-]+)*$/.test(basePath)) {
        throw new TypeError("basePath must be a plain path");
    }
    if (typeof options.token !== "function") {
        throw new TypeError("token must be a function");
    }
    return {
        origin: server.origin,
        wsOrigin: server.origin.replace(/^http/, "ws"),
        basePath,
        token: async (request) => options.token(request),
        WebSocket: options.WebSocket ?? globalThis.WebSocket ?? NoWebSocket,
        fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
        storage: options.storage ?? null,
        now: options.now ?? (() => Date.now()),
        setTimeout: options.setTimeout ?? ((run, ms) => globalThis.setTimeout(run, ms)),
        clearTimeout: options.clearTimeout ?? ((timer) => globalThis.clearTimeout(timer)),
        random: options.random ?? (() => Math.random()),
        isOnline: () => globalThis.navigator?.onLine !== false,
        listen,
    };
}

class NoWebSocket {
    constructor() {
        throw new DuelProblem({ code: "NO_WEBSOCKET", message: "no WebSocket here: give one as an option" });
    }
}
