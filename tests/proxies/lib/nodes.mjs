// The world of these tests: two nodes of the server, which trust the proxies of chain.mjs alone.

import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { World } from "../../integration/lib/world.mjs";
import { TRUST } from "./chain.mjs";

/** {world, nodes: {a, b}}; each knows of the other, so that all addresses name their node. */
export async function startNodes(env = {}, prepare = async () => {}) {
    const settings = { DUEL_NODE_ID: "a", DUEL_LEASE_MS: "600", ...TRUST, ...env };
    const world = await World.start({ env: settings, start: false });
    try {
        await prepare(world);
        await world.serve();
        await world.ready();
        const nodes = { a: world.server, b: await world.another({ DUEL_NODE_ID: "b" }) };
        await haveMet(world);
        return { world, nodes };
    } catch (error) {
        await world.stop().catch(() => {});
        throw error;
    }
}

/** Each has told that it is alive since now, and heard who else is. */
async function haveMet(world) {
    const [s, us] = (await world.valkey.time()).map(Number);
    const now = s * 1000 + us / 1000;
    await world.until(async () => {
        const boots = await world.valkey.zrange("duel:boots", 0, -1, "WITHSCORES");
        return boots.filter((score, at) => at % 2 === 1 && Number(score) > now).length === 2;
    }, "renewed leases");
}

/** Every picture becomes one of `size` bytes. */
export function resizePictures(world, size) {
    for (const { id, pictures } of world.videos) {
        pictures.forEach((picture, index) => {
            pictures[index] = Buffer.concat([picture.subarray(0, 16), randomBytes(size - 16)]);
            writeFileSync(join(world.dir, "store", `frames/${id}/f0${index + 1}.png`), pictures[index]);
        });
    }
}
