// Two proxies, one behind the other, as a deployment has them:
//
//   player → edge (as Cloudflare) → router (as Coolify's Traefik) → two nodes of the server
//
// The edge overwrites CF-Connecting-IP and appends to X-Forwarded-For. The router deletes what came as
// X-Forwarded-…, unless it trusts the edge, and writes its own; it leaves CF-Connecting-IP alone. It has a
// route for each node, and keeps the prefix or strips it. Both speak HTTP/1.1 onward, send no pings, and cut
// a line on which nothing passes for `idleMs`.
//
// Everything is on loopback, where each has an address of its own: who asks is known by the real peer.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../integration/lib/server.mjs";
import { Proxy } from "./proxy.mjs";

const EDGE_ADDRESS = "127.0.8.1";
const ROUTER_ADDRESS = "127.0.7.1";

/** Whom the server is to believe. */
export const TRUST = { DUEL_TRUSTED_PROXIES: ROUTER_ADDRESS, DUEL_CLOUDFLARE_RANGES: "127.0.8.0/24" };

/** Each proxy in each place, with each way to treat prefix and headers. */
export const CHAINS = [
    { edge: "nginx", router: "haproxy", strip: false, trusts: false },
    { edge: "haproxy", router: "nginx", strip: true, trusts: false },
    { edge: "nginx", router: "haproxy", strip: true, trusts: true },
    { edge: "haproxy", router: "nginx", strip: false, trusts: true },
];

export function nameOf({ edge, router, strip, trusts }) {
    return `${edge} before ${router}, prefix ${strip ? "stripped" : "kept"}${trusts ? ", edge trusted" : ""}`;
}

export class Chain {
    /**
     * @param kinds one of CHAINS
     * @param nodes name → Server
     * @param options.idleMs how long a line may be silent; options.graceMs: how long a worker that was
     *     replaced keeps its lines, until they end if not given
     */
    static async start(kinds, nodes, { idleMs = 60_000, graceMs } = {}) {
        const chain = new Chain();
        chain.dir = mkdtempSync(join(tmpdir(), "duel-proxies-"));
        const [port, h2Port, behind] = [await freePort(), await freePort(), await freePort()];
        const times = { dir: chain.dir, idleMs, graceMs };
        chain.router = new Proxy(kinds.router, "router", {
            ...times, port: behind, from: ROUTER_ADDRESS, edgeAddress: EDGE_ADDRESS, strip: kinds.strip,
            trusts: kinds.trusts,
            nodes: Object.fromEntries(Object.entries(nodes).map(([name, server]) => [name, server.port])),
        });
        chain.edge = new Proxy(kinds.edge, "edge",
            { ...times, port, h2Port, to: behind, from: EDGE_ADDRESS });
        chain.port = port;
        chain.h2 = `http://127.0.0.1:${h2Port}`;
        chain.origin = `http://127.0.0.1:${port}`;
        chain.base = `${chain.origin}/api/duel`;
        try {
            await Promise.all([chain.router.start(), chain.edge.start()]);
        } catch (error) {
            await chain.stop();
            throw error;
        }
        return chain;
    }

    async stop() {
        await Promise.all([this.edge.stop(), this.router.stop()]);
        rmSync(this.dir, { recursive: true, force: true });
    }
}
