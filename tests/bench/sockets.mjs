// What an idle, authenticated WebSocket costs the server's resident memory, whether a verdict leaves in the
// turn of the loop that read its guess, and what the texts of guesses take. Real sockets, real stores; counts, not times.
//
//   node tests/bench/sockets.mjs [COUNT]    with DATABASE_URL, VALKEY_URL and DUEL_SERVER set

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { meet, startRound, within } from "../integration/lib/client.mjs";
import { World } from "../integration/lib/world.mjs";

const COUNT = Number(process.argv[2] ?? 2000);
const WARM = 200; // sockets opened first, so that pools and the allocator's first pages are paid for
const BATCH = 100;

function residentKib(pid) {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
}

/** Opens queue sockets of players who never fit anybody: each has a rating of his own, the window is 0. */
async function openIdle(world, from, to, sockets) {
    for (let first = from; first < to; first += BATCH) {
        const batch = [];
        for (let i = first; i < Math.min(first + BATCH, to); i++) {
            batch.push((async () => {
                const player = await world.player(`idle${String(i).padStart(8, "0")}`);
                const socket = await player.queue({ how: "header" });
                await socket.take("queued");
                sockets.push(socket);
            })());
        }
        await Promise.all(batch);
    }
}

async function idleMemory() {
    const world = await World.start({
        env: {
            DUEL_WINDOW: "0", DUEL_WINDOW_STEP: "0", DUEL_QUEUE_TIMEOUT_MS: "86400000", LOG_LEVEL: "warn",
            DUEL_ADDRESS_CONNECTIONS: "0", DUEL_ADDRESS_UNAUTHENTICATED: "0", DUEL_ADDRESS_RATE: "0",
        },
    });
    const sockets = [];
    try {
        await world.db.query(`with new as (
                insert into users (auth_provider_id, display_name)
                select 'idle' || lpad(i::text, 8, '0'), 'Idle ' || i from generate_series(0, $1::int) i
                returning id, auth_provider_id)
            insert into duel_ratings (user_id, rating)
            select id, substr(auth_provider_id, 5)::int from new`, [COUNT + WARM]);
        await openIdle(world, 0, WARM, sockets);
        const before = residentKib(world.child.pid);
        await openIdle(world, WARM, WARM + COUNT, sockets);
        const after = residentKib(world.child.pid);
        console.log(`bench idle_sockets ${sockets.length} count`);
        console.log(`bench idle_socket_resident ${((after - before) / COUNT).toFixed(2)} KiB`);
        console.log(`bench resident_with_them ${(after / 1024).toFixed(1)} MiB`);
    } finally {
        for (const socket of sockets) {
            socket.cut();
        }
        await world.stop();
    }
}

/** Between reading a guess and writing its verdict the server must not sleep: asks strace. */
async function sameTurn() {
    try {
        execFileSync("strace", ["-V"], { stdio: "ignore" });
    } catch {
        console.log("bench verdict_turns skipped: no strace on this machine");
        return;
    }
    const world = await World.start({ env: { DUEL_ROUND_MS: "600000", DUEL_LOCKOUT_MS: "0", DUEL_MAX_GUESSES: "12" } });
    try {
        const { seats } = await meet(await world.player("turn00000001"), await world.player("turn00000002"));
        await Promise.all(seats.map((seat) => startRound(seat, 1)));
        const tracer = spawn("strace", ["-p", String(world.child.pid), "-e", "trace=epoll_wait,epoll_pwait,recvfrom,read,sendto,write,writev,sendmsg"],
            { stdio: ["ignore", "ignore", "pipe"] });
        let trace = "";
        tracer.stderr.on("data", (part) => (trace += part));
        await world.until(() => trace.includes("attached"), "strace");
        const socket = seats[0].socket;
        for (let seq = 1; seq <= 10; seq++) {
            socket.send({ t: "guess", round: 1, seq, text: `no ${seq}` });
            await socket.take("verdict");
        }
        tracer.kill("SIGINT");
        await within(new Promise((done) => tracer.on("exit", done)), "strace's end");
        console.log(`bench verdict_turns ${countSleeps(trace)}`);
        for (const seat of seats) {
            seat.socket.cut();
        }
    } finally {
        await world.stop();
    }
}

/** For each read that brought a guess: how many sleeps before the write that names its verdict. */
function countSleeps(trace) {
    let sleeping = null;
    const sleeps = [];
    for (const line of trace.split("\n")) {
        // A client's frame starts with FIN and binary, octal 202; guesses here hold the key "guess".
        if (/^(recvfrom|read)\(/.test(line) && line.includes("\\202")) {
            sleeping = 0;
        } else if (/^epoll_p?wait\(/.test(line) && sleeping !== null) {
            sleeping++;
        } else if (/^(write|sendto|writev|sendmsg)\(/.test(line) && sleeping !== null && line.includes("verdict")) {
            sleeps.push(sleeping);
            sleeping = null;
        }
    }
    const none = sleeps.filter((count) => count === 0).length;
    return `${none} of ${sleeps.length} left in the turn that read the guess`;
}

/** Wrong guesses of one player in one round, as people make them: mostly none or one. */
const WRONG = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3];

/** Plays four rounds of a best of five, then tells; the fifth is never solved. */
async function playMost(world, index) {
    const { seats } = await meet(await world.player(`text${index}a000000`), await world.player(`text${index}b000000`));
    for (let round = 1; round <= 5; round++) {
        const starts = await Promise.all(seats.map((seat) => startRound(seat, round)));
        const video = world.videoOf(starts[0].image);
        const others = world.videos.filter((one) => one !== video);
        for (const seat of seats) {
            const wrong = WRONG[Math.floor(Math.random() * WRONG.length)];
            for (let seq = 1; seq <= wrong; seq++) {
                const text = others[Math.floor(Math.random() * others.length)].title;
                seat.socket.send({ t: "guess", round, seq, text });
                await seat.socket.take("verdict");
            }
        }
        if (round < 5) {
            seats[round % 2].socket.send({ t: "guess", round, seq: 9, text: video.title });
            await Promise.all(seats.map((seat) => seat.socket.take("round_end")));
        }
    }
    return seats;
}

/** What the texts of guesses of a live match take, in its last round. */
async function guessTexts() {
    const world = await World.start({ env: { DUEL_ROUND_MS: "600000", DUEL_LOCKOUT_MS: "0", LOG_LEVEL: "warn" } });
    const MATCHES = 20;
    const seats = [];
    try {
        for (let i = 0; i < MATCHES; i++) {
            seats.push(...await playMost(world, String(i).padStart(2, "0")));
        }
        const bytes = await world.metric("duel_guess_log_bytes");
        console.log(`bench guess_texts ${(bytes / MATCHES).toFixed(0)} bytes a match (mean of ${MATCHES})`);
    } finally {
        for (const seat of seats) {
            seat.socket.cut();
        }
        await world.stop();
    }
}

await idleMemory();
await sameTurn();
await guessTexts();
