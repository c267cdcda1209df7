// What reading a ranking of many players costs the server, and how long going through all of it holds the
// loop. Real stores; processor time as the kernel counts it, of the loop's thread and of all threads (a
// token's signature is checked on another one).
//
//   node tests/bench/ranking.mjs [PLAYERS]    with DATABASE_URL, VALKEY_URL and DUEL_SERVER set

import { readdirSync, readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { World } from "../integration/lib/world.mjs";

const PLAYERS = Number(process.argv[2] ?? 100_000);
const REQUESTS = 400;
const KEY = "lb:duels:elo";
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const ran = (path) => Number(readFileSync(path, "utf8").split(" ")[0]) / 1e6;

function cpuMs(pid) {
    const threads = readdirSync(`/proc/${pid}/task`).map((task) => ran(`/proc/${pid}/task/${task}/schedstat`));
    return { loop: ran(`/proc/${pid}/task/${pid}/schedstat`), all: threads.reduce((sum, ms) => sum + ms, 0) };
}

function ask(url, token) {
    return new Promise((resolve, reject) => {
        get(url, { agent, headers: token ? { Authorization: `Bearer ${token}` } : {} }, (response) => {
            let size = 0;
            response.on("data", (part) => (size += part.length));
            response.on("end", () => (response.statusCode === 200 ? resolve(size)
                : reject(new Error(`HTTP ${response.statusCode}`))));
        }).on("error", reject);
    });
}

async function measure(world, name, path, tokens) {
    let bytes = 0;
    for (let i = 0; i < 20; i++) {
        await ask(world.base + path, tokens?.[i]);
    }
    const start = cpuMs(world.child.pid);
    for (let i = 0; i < REQUESTS; i++) {
        bytes = await ask(world.base + path, tokens?.[i % tokens.length]);
    }
    const end = cpuMs(world.child.pid);
    const each = (which) => ((end[which] - start[which]) / REQUESTS).toFixed(3);
    console.log(`bench ${name} ${each("loop")} ms of the loop, ${each("all")} ms of all threads, ${bytes} bytes`);
}

async function fill(world) {
    await world.db.query(`with new as (
            insert into users (auth_provider_id, display_name, country_code, avatar_url)
            select 'bench' || lpad(i::text, 7, '0'), 'Player number ' || i, 'BR',
                   'https://images.example/avatars/' || md5(i::text) || '.webp'
            from generate_series(1, $1::int) i returning id, auth_provider_id)
        insert into duel_ratings (user_id, rating, wins, losses)
        select id, 1000 + ((random() + random() + random() - 1.5) * 600)::int, 10, 10 from new`, [PLAYERS]);
    await world.db.query("analyze");
}

/** Goes through the ranking from nothing: how long it took, and the longest turn of the loop before it and so
 *  far (by the wall clock: on a busy machine the kernel's other work is in it). */
async function rebuild(world, name) {
    const passes = await world.metric("duel_ranking_passes_total");
    const busy = await world.metric("duel_loop_busy_seconds_total");
    const before = await world.metric("duel_loop_longest_turn_seconds");
    const turns = await world.metric("duel_loop_turns_total");
    const start = performance.now();
    await world.valkey.del(KEY);
    await ask(`${world.base}/leaderboard?limit=1`);
    await world.until(async () => (await world.metric("duel_ranking_passes_total")) > passes, "a pass");
    const took = performance.now() - start;
    if (await world.valkey.zcard(KEY) !== PLAYERS) {
        throw new Error("the ranking is not whole");
    }
    const held = (await world.metric("duel_loop_busy_seconds_total")) - busy;
    const longest = await world.metric("duel_loop_longest_turn_seconds");
    const mean = held / ((await world.metric("duel_loop_turns_total")) - turns);
    console.log(`bench ${name} ${took.toFixed(0)} ms, ${(held * 1000).toFixed(0)} ms of them in the loop; ` +
        `turns: mean ${(mean * 1000).toFixed(2)} ms, longest ${(longest * 1000).toFixed(2)} ms ` +
        `(${(before * 1000).toFixed(2)} ms before it)`);
}

const world = await World.start({ start: false, env: { LOG_LEVEL: "warn" } });
try {
    await world.serve();
    await world.ready();
    await fill(world);
    const tokens = [];
    for (let i = 0; i < 200; i++) {
        tokens.push(await world.token(`bench${String(1 + i * 450).padStart(7, "0")}`));
    }
    console.log(`bench ranking_players ${PLAYERS} count`);
    await rebuild(world, "ranking_rebuild");
    await measure(world, "leaderboard_100", "/leaderboard?limit=100");
    await measure(world, "leaderboard_100_at_10000", "/leaderboard?limit=100&offset=10000");
    await measure(world, "leaderboard_me", "/leaderboard/me", tokens);
    await measure(world, "history_empty", "/history", tokens);
} finally {
    agent.destroy();
    await world.stop();
}
