// The refresh of Cloudflare's ranges against a server that publishes what it is told: what is the same, what
// is new, and answers that must never be written.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkRanges, rangesIn, settingsFile } from "./refresh.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const SETTINGS = "include/duel/io/settings.def";
const own = rangesIn(readFileSync(join(HERE, "ranges.txt"), "utf8"));
const v4 = own.filter((range) => range.includes("."));
const v6 = own.filter((range) => range.includes(":"));
let server;
let published;
let root;

before(async () => {
    server = createServer((request, response) => {
        const answer = published[request.url];
        response.writeHead(answer === undefined ? 503 : 200).end(answer);
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
});

beforeEach(() => {
    published = { "/ips-v4": v4.join("\n"), "/ips-v6": v6.join("\n") };
    if (root) {
        rmSync(root, { recursive: true });
    }
    root = mkdtempSync(join(tmpdir(), "duel-ranges-"));
    mkdirSync(join(root, dirname(SETTINGS)), { recursive: true });
    cpSync(HERE, join(root, "deploy/cloudflare"), { recursive: true });
    cpSync(join(HERE, "../..", SETTINGS), join(root, SETTINGS));
});

after(() => {
    server.close();
    rmSync(root, { recursive: true });
});

/** Runs the script in the copy. */
async function refresh(...words) {
    const env = { ...process.env, CLOUDFLARE_URL: `http://127.0.0.1:${server.address().port}` };
    const child = spawn(process.execPath, [join(root, "deploy/cloudflare/refresh.mjs"), ...words], { env });
    let said = "";
    child.stdout.on("data", (bytes) => { said += bytes; });
    child.stderr.on("data", (bytes) => { said += bytes; });
    const [status] = await new Promise((done) => child.on("close", (...end) => done(end)));
    return { status, said };
}

function files() {
    return ["deploy/cloudflare/ranges.txt", SETTINGS].map((path) => readFileSync(join(root, path), "utf8"));
}

/** The default of the setting, its literals joined. */
function builtIn(text) {
    const [, literals] = /"DUEL_CLOUDFLARE_RANGES",\n((?: {4}"[0-9a-f.:/ ]+"\n?)+),/.exec(text);
    return [...literals.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join("").split(" ");
}

function otherLines(text) {
    return text.split("\n").filter((line) => !/^ {4}"[0-9a-f.:/ ]+",?$/.test(line));
}

test("the built-in default is what ranges.txt says", () => {
    const text = readFileSync(join(HERE, "../..", SETTINGS), "utf8");
    assert.deepEqual(builtIn(text), own);
    const anew = settingsFile(text, own);
    assert.deepEqual(builtIn(anew), own);
    assert.deepEqual(otherLines(anew), otherLines(text));
});

test("the same ranges in another order are nothing new", async () => {
    published["/ips-v4"] = `${[...v4].reverse().join("\n")}\n`;
    const old = files();
    for (const words of [[], ["--check"]]) {
        assert.deepEqual(await refresh(...words), { status: 0, said: `nothing new: ${own.length} ranges\n` });
    }
    assert.deepEqual(files(), old);
});

test("what is new is told, and written in both places", async () => {
    published["/ips-v4"] = [...v4.slice(1), "198.51.100.0/24"].join("\n");
    const old = files();
    const told = await refresh("--check");
    assert.equal(told.status, 1);
    assert.equal(told.said, `new   198.51.100.0/24\ngone  ${v4[0]}\n`);
    assert.deepEqual(files(), old, "--check writes nothing");

    assert.equal((await refresh()).status, 0);
    const [ranges, settings] = files();
    const now = [...v4.slice(1), "198.51.100.0/24", ...v6];
    assert.deepEqual(rangesIn(ranges), now);
    assert.match(ranges, /^# Cloudflare's addresses/);
    assert.deepEqual(builtIn(settings), now);
    assert.ok(settings.split("\n").every((line) => line.length <= 220));
    assert.equal((await refresh("--value")).said, `${now.join(" ")}\n`);
});

test("nothing is written of an answer that is none", async () => {
    const more = ["0.0.0.0/0", "10.0.0.0/8", v4[0], "1.2.3.400/24", "192.0.2.0/24, 0.0.0.0/0", "#".repeat(20_000)];
    const answers = [undefined, "", "<html>sign in first</html>", v4.slice(0, 3).join("\n"),
        ...more.map((range) => [...v4, range].join("\n"))];
    const old = files();
    for (const answer of answers) {
        published["/ips-v4"] = answer;
        const { status, said } = await refresh();
        assert.equal(status, 2, `${answer}: ${said}`);
        assert.match(said, /nothing was written/);
    }
    published = { "/ips-v4": v4.join("\n"), "/ips-v6": [...v6, "::/0"].join("\n") };
    assert.equal((await refresh()).status, 2);
    assert.deepEqual(files(), old);
});

test("the lists that are built in pass their own check", () => {
    checkRanges(v4, 4);
    checkRanges(v6, 6);
    assert.throws(() => checkRanges(v6, 4));
});
