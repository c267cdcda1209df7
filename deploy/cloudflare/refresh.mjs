// Compares Cloudflare's published addresses with ranges.txt, and writes them there and into the built-in
// default of DUEL_CLOUDFLARE_RANGES (include/duel/io/settings.def) when they differ. What it fetches is
// checked before anything is written: whoever is in these ranges is believed about a caller's address.
//
//   node deploy/cloudflare/refresh.mjs            writes what is new; afterwards `make docs`
//   node deploy/cloudflare/refresh.mjs --check    writes nothing; exit status 1 when something is new
//   node deploy/cloudflare/refresh.mjs --value    fetches nothing: ranges.txt as a value of the setting
//
// CLOUDFLARE_URL stands for https://www.cloudflare.com in tests.

import { readFileSync, writeFileSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const RANGES = join(HERE, "ranges.txt");
const SETTINGS = join(HERE, "../../include/duel/io/settings.def");
const ANSWER_BYTES = 16_384;
const WIDTH = 110;

/** The ranges of a text, one a line; empty lines and those with # do not count. */
export function rangesIn(text) {
    return text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

/** Throws unless these can be a published list: of one family, no block so large that it holds strangers. */
export function checkRanges(ranges, family) {
    const [isAddress, least, most] = family === 4 ? [isIPv4, 11, 32] : [isIPv6, 24, 64];
    for (const range of ranges) {
        const [, address, bits] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(range) ?? [];
        if (!address || !isAddress(address) || Number(bits) < least || Number(bits) > most) {
            throw new Error(`not a range of IPv${family} as Cloudflare has them: ${range.slice(0, 60)}`);
        }
    }
    if (ranges.length < 4 || ranges.length > 100 || new Set(ranges).size !== ranges.length) {
        throw new Error(`${ranges.length} ranges of IPv${family}: too few, too many or twice the same`);
    }
}

async function fetchRanges(base, family) {
    const response = await fetch(`${base}/ips-v${family}`, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) {
        throw new Error(`${base}/ips-v${family} answers ${response.status}`);
    }
    const text = await response.text();
    if (text.length > ANSWER_BYTES) {
        throw new Error(`${base}/ips-v${family} is ${text.length} bytes long`);
    }
    const ranges = rangesIn(text);
    checkRanges(ranges, family);
    return ranges;
}

/** ranges.txt anew: its head of comments stays. */
function rangesFile(old, ranges) {
    const head = old.split("\n").filter((line) => line.startsWith("#"));
    return `${[...head, ...ranges].join("\n")}\n`;
}

/** settings.def with another default: string literals of at most WIDTH columns, as C joins them. */
export function settingsFile(old, ranges) {
    const lines = [""];
    for (const range of ranges) {
        if (lines.at(-1).length + range.length > WIDTH - 8) {
            lines.push("");
        }
        lines[lines.length - 1] += `${range} `;
    }
    const literal = lines.map((line) => `    "${line}"`).join("\n").replace(/ "$/, '"');
    const pattern = /("DUEL_CLOUDFLARE_RANGES",\n)(?: {4}"[0-9a-f.:/ ]+"\n?)+,/;
    if (!pattern.test(old)) {
        throw new Error("settings.def has no default of DUEL_CLOUDFLARE_RANGES where it used to be");
    }
    return old.replace(pattern, (_, start) => `${start}${literal},`);
}

function sorted(ranges) {
    return [...ranges].sort().join(" ");
}

async function main(mode) {
    const old = readFileSync(RANGES, "utf8");
    const known = rangesIn(old);
    if (mode === "--value") {
        console.log(known.join(" "));
        return 0;
    }
    const base = process.env.CLOUDFLARE_URL ?? "https://www.cloudflare.com";
    const published = [...await fetchRanges(base, 4), ...await fetchRanges(base, 6)];
    if (sorted(published) === sorted(known)) {
        console.log(`nothing new: ${known.length} ranges`);
        return 0;
    }
    for (const range of published.filter((one) => !known.includes(one))) {
        console.log(`new   ${range}`);
    }
    for (const range of known.filter((one) => !published.includes(one))) {
        console.log(`gone  ${range}`);
    }
    if (mode === "--check") {
        return 1;
    }
    const settings = settingsFile(readFileSync(SETTINGS, "utf8"), published);
    writeFileSync(RANGES, rangesFile(old, published));
    writeFileSync(SETTINGS, settings);
    console.log("written; `make docs` brings docs/settings.md up to date");
    return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
    const mode = process.argv[2] ?? "";
    if (!["", "--check", "--value"].includes(mode)) {
        console.error("usage: refresh.mjs [--check | --value]");
        process.exit(64);
    }
    try {
        process.exitCode = await main(mode);
    } catch (error) {
        console.error(`refresh: ${error.cause?.message ?? error.message}; nothing was written`);
        process.exitCode = 2;
    }
}
