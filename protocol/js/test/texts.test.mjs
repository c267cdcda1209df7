// Every code that the server's sources, the documentation and this client name has a text.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { tell, TEXTS } from "../index.js";

const ROOT = resolve(fileURLToPath(new URL(".", import.meta.url)), "../../..");
const read = (path) => readFileSync(join(ROOT, path), "utf8");
const all = (source, pattern) => [...source.matchAll(pattern)].map(([, code]) => code);

function filesBelow(folder, ending) {
    return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((one) => {
        const path = `${folder}/${one.name}`;
        return one.isDirectory() ? filesBelow(path, ending) : path.endsWith(ending) ? [path] : [];
    });
}

function missing(codes) {
    return [...new Set(codes)].filter((code) => !Object.hasOwn(TEXTS, code));
}

function codesOfSources() {
    const hub = all(read("include/duel/hub/errors.def"), /^ERROR\((\w+),/gm);
    const auth = all(read("include/duel/io/auth_codes.def"), /^AUTH_CODE\(\w+, "(\w+)"/gm)
        .filter((code) => code !== "OK");
    assert.ok(hub.length >= 10 && auth.length >= 15);
    // In sources of the gateway a code is the third argument of an answer, or `.code = `.
    const gateway = filesBelow("duel/io", ".c").filter((path) => path.includes("gateway"))
        .flatMap((path) => all(read(path), /(?:\b[45]\d\d,\s*|\.?code = )"([A-Z][A-Z0-9_]{2,})"/g));
    assert.ok(gateway.length >= 10, `${gateway}`);
    return [...new Set([...hub, ...auth, ...gateway])];
}

/** Those that the first column of the table names. */
function codesOfDocs() {
    const [, table] = read("docs/protocol.md").split("\n## Codes");
    const codes = all(table, /^\|(.*?)\|/gm).flatMap((cell) => all(cell, /`([A-Z][A-Z_]{2,})`/g));
    assert.ok(codes.length > 30);
    return codes;
}

test("every code in the server's sources", () => {
    assert.deepEqual(missing(codesOfSources()), []);
});

test("every code in docs/protocol.md", () => {
    assert.deepEqual(missing(codesOfDocs()), []);
});

test("every code in the server's sources is in docs/protocol.md", () => {
    const told = codesOfDocs();
    assert.deepEqual(codesOfSources().filter((code) => !told.includes(code)), []);
});

test("every code that this client makes up", () => {
    const codes = readdirSync(join(ROOT, "protocol/js")).filter((name) => name.endsWith(".js")
        && name !== "texts.js")
        .flatMap((name) => all(read(`protocol/js/${name}`), /"([A-Z][A-Z]+(?:_[A-Z]+)+)"/g))
        .filter((code) => !["AES_GCM"].includes(code));
    assert.ok(codes.length > 20);
    assert.deepEqual(missing(codes), []);
});

test("texts are there in both languages, short, and friendly", () => {
    for (const [code, { action, en, pt }] of Object.entries(TEXTS)) {
        assert.match(action, /^(none|retry|search|signin|reload|here|wait)$/, code);
        for (const { what, todo } of [en, pt]) {
            assert.match(what, /^\p{Lu}.{5,70}[.!]$/u, code);
            assert.match(todo, /^\p{Lu}.{5,90}\.$/u, code);
            assert.doesNotMatch(what + todo, /\berrors?\b|invalid|inválid|token|socket/i, code);
        }
        assert.notEqual(en.what, pt.what);
    }
});

test("tell chooses the language and knows what to say about the unknown", () => {
    assert.equal(tell({ code: "REPLACED" }, "pt-BR").what, TEXTS.REPLACED.pt.what);
    assert.equal(tell({ code: "REPLACED" }, "de").what, TEXTS.REPLACED.en.what);
    assert.equal(tell({ code: "constructor" }).what, TEXTS.UNKNOWN.en.what);
    assert.equal(tell(null, "pt").action, "retry");
});

test("the package lists what it ships", () => {
    const { exports, types, main } = JSON.parse(read("protocol/js/package.json"));
    const named = [types, main, ...Object.values(exports).flatMap((one) =>
        (typeof one === "string" ? [one] : Object.values(one)))];
    for (const path of named) {
        assert.ok(existsSync(join(ROOT, "protocol/js", path)), path);
    }
});
