// What happens to the cluster: drawn from a seed, the same for the same seed, one event after the other.

import { sleep } from "./processes.mjs";

/* [weight, kind]; settleMs is what it may take beyond readiness until no second loss would meet the first:
 * an emptied Valkey is filled again, a lease has been renewed. */
const KINDS = [
    [4, "server-kill"], [3, "server-freeze"], [2, "server-roll"], [3, "valkey-kill"], [2, "valkey-freeze"],
    [2, "valkey-flush"], [2, "valkey-evict"], [3, "postgres-kill"], [2, "postgres-freeze"], [2, "sockets-cut"],
];
const SETTLE_MS = { valkey: 4_000, server: 2_000, postgres: 1_000, sockets: 500 };
const EVICTED_MS = 7_000; // one evicted key is written again when the round ends, not before

export const kinds = () => KINDS.map(([, kind]) => kind);

export const settleMs = ({ kind }) => (kind === "valkey-evict" ? EVICTED_MS : SETTLE_MS[kind.split("-")[0]]);

/** The next event. `allowed(kind)` narrows the choice without moving what follows. */
export function draw(random, nodes, allowed) {
    const kind = random.weighted(KINDS.filter(([, name]) => allowed(name)));
    const event = {
        kind, node: random.pick(nodes), ms: random.whole(1_000, 8_000), downMs: random.pick([0, 0, 1_000, 7_000]),
        share: random.between(0.02, 1), isBeside: random.chance(0.6), impatient: random.pick([0, 0.3]),
    };
    return event;
}

export function describe({ kind, node, ms, downMs, share, isBeside, impatient }) {
    switch (kind) {
    case "server-kill": return `kill -9 of node ${node}, started ${downMs} ms later`;
    case "server-freeze": return `node ${node} frozen for ${ms} ms, ${impatient * 100} % of bots impatient`;
    case "server-roll": return `node ${node} replaced, the new one ${isBeside ? "beside the old" : "after it"}`;
    case "valkey-kill": return `kill -9 of Valkey, started ${Math.min(downMs, 3000)} ms later`;
    case "valkey-freeze": return `Valkey frozen for ${ms} ms`;
    case "valkey-flush": return "Valkey emptied";
    case "valkey-evict": return `${Math.round(share * 100)} % of the keys in Valkey deleted`;
    case "postgres-kill": return `kill -9 of PostgreSQL, started ${Math.min(downMs, 3000)} ms later`;
    case "postgres-freeze": return `PostgreSQL frozen for ${ms} ms`;
    case "sockets-cut": return `the sockets of ${Math.round(share * 100)} % of the bots cut`;
    default: throw new Error(kind);
    }
}

/** Does it, and returns once the broken thing was started or continued again. */
export async function perform(event, cluster, bots, random) {
    const { kind, node, ms, downMs, share, isBeside, impatient } = event;
    const { stores } = cluster;
    const cutSome = (part) => bots.filter(() => random.chance(part)).forEach((bot) => bot.cut());
    switch (kind) {
    case "server-kill": return cluster.crash(node, downMs);
    case "server-freeze":
        sleep(ms / 2).then(() => cutSome(impatient));
        return cluster.freeze(node, ms);
    case "server-roll": return cluster.roll(node, isBeside);
    case "valkey-kill": return stores.kill("valkey", Math.min(downMs, 3_000));
    case "valkey-freeze": return stores.freeze("valkey", ms);
    case "valkey-flush": return stores.valkey("flushall");
    case "valkey-evict": return stores.evict(share, random);
    case "postgres-kill": return stores.kill("postgres", Math.min(downMs, 3_000));
    case "postgres-freeze": return stores.freeze("postgres", ms);
    case "sockets-cut": return cutSome(share);
    default: throw new Error(kind);
    }
}
