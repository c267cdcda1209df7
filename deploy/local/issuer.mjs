#!/usr/bin/env node
// A stand-in for Logto on this machine: a key set, and access tokens shaped like Logto's, for whoever
// asks. It proves nobody's identity; it listens on the loopback interface only.
//
//   issuer.mjs serve --dir DIR --port PORT [--audience URI]   prints its address when it listens
//   issuer.mjs mint --dir DIR --port PORT --sub SUB [--audience URI] [--scope S] [--expires SECONDS]
//
// Routes: GET /oidc/jwks · GET /oidc/.well-known/openid-configuration · POST /token?sub=… (also audience,
// scope, expires, client_id). The key is made once and kept in DIR/key.json.

import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const AUDIENCE = "https://api.framedle.local";
const CLIENT = "framedleweb0";
const LIFETIME_S = 3600;

const base64url = (data) => Buffer.from(data).toString("base64url");

/** The signing key of `dir`, made when there is none: {kid, key, jwk}. */
export function openKey(dir) {
    const path = join(dir, "key.json");
    let secret;
    try {
        secret = JSON.parse(readFileSync(path, "utf8"));
    } catch (error) {
        if (error.code !== "ENOENT") {
            throw error;
        }
        secret = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({
            format: "jwk",
        });
        mkdirSync(dir, { recursive: true });
        writeFileSync(`${path}.new`, JSON.stringify(secret), { mode: 0o600 });
        renameSync(`${path}.new`, path);
    }
    const { crv, kty, x, y } = secret;
    // RFC 7638: the hash of the required members in this order.
    const kid = base64url(createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest());
    return {
        kid,
        key: createPrivateKey({ key: secret, format: "jwk" }),
        jwk: { kty, use: "sig", kid, alg: "ES384", crv, x, y },
    };
}

/** An access token as Logto makes it (RFC 9068), for 12 characters of `sub`. */
export function mint({ kid, key }, issuer, sub, options = {}) {
    const now = Math.floor(Date.now() / 1000);
    const header = { alg: "ES384", typ: "at+jwt", kid };
    const claims = {
        jti: base64url(randomBytes(16)),
        sub,
        iat: now,
        exp: now + Number(options.expires ?? LIFETIME_S),
        scope: options.scope,
        client_id: options.client_id ?? CLIENT,
        iss: issuer,
        aud: options.audience ?? AUDIENCE,
    };
    const body = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
    return `${body}.${base64url(sign("sha384", Buffer.from(body), { key, dsaEncoding: "ieee-p1363" }))}`;
}

function answer(response, status, body, type = "application/json") {
    response.writeHead(status, {
        "content-type": `${type}; charset=utf-8`,
        "cache-control": "no-store",
    });
    response.end(JSON.stringify(body));
}

/** Serves on 127.0.0.1; resolves to the server once it listens. */
export function serve(dir, port, audience = AUDIENCE) {
    const key = openKey(dir);
    const server = createServer((request, response) => {
        const url = new URL(request.url, "http://localhost");
        const address = `http://127.0.0.1:${server.address().port}`;
        const issuer = `${address}/oidc`;
        if (request.method === "GET" && url.pathname === "/oidc/jwks") {
            answer(response, 200, { keys: [key.jwk] }, "application/jwk-set+json");
        } else if (
            request.method === "GET" &&
            url.pathname === "/oidc/.well-known/openid-configuration"
        ) {
            answer(response, 200, {
                issuer,
                jwks_uri: `${issuer}/jwks`,
                token_endpoint: `${address}/token`,
                id_token_signing_alg_values_supported: ["ES384"],
                subject_types_supported: ["public"],
                response_types_supported: ["code"],
            });
        } else if (request.method === "POST" && url.pathname === "/token") {
            const options = Object.fromEntries(url.searchParams);
            const expires = Number(options.expires ?? LIFETIME_S);
            if (!/^[0-9a-z]{12}$/.test(options.sub ?? "") || !Number.isInteger(expires)) {
                answer(response, 400, {
                    error: "invalid_request",
                    error_description: "sub: 12 of 0-9a-z",
                });
                return;
            }
            answer(response, 200, {
                access_token: mint(key, issuer, options.sub, { audience, ...options, expires }),
                token_type: "Bearer",
                expires_in: expires,
            });
        } else {
            answer(response, 404, { error: "not_found" });
        }
    });
    return new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => resolve(server));
    });
}

async function main() {
    const { positionals, values } = parseArgs({
        allowPositionals: true,
        options: {
            dir: { type: "string" },
            port: { type: "string" },
            sub: { type: "string" },
            audience: { type: "string", default: AUDIENCE },
            scope: { type: "string" },
            expires: { type: "string" },
        },
    });
    const [verb] = positionals;
    if (
        !values.dir ||
        !values.port ||
        (verb !== "serve" && verb !== "mint") ||
        (verb === "mint" && !values.sub)
    ) {
        console.error(
            "usage: issuer.mjs serve|mint --dir DIR --port PORT [--sub SUB] [--audience URI]",
        );
        process.exit(64);
    }
    if (verb === "mint") {
        const issuer = `http://127.0.0.1:${values.port}/oidc`;
        console.log(mint(openKey(values.dir), issuer, values.sub, values));
        return;
    }
    const server = await serve(values.dir, Number(values.port), values.audience);
    console.log(`http://127.0.0.1:${server.address().port}`);
    for (const signal of ["SIGINT", "SIGTERM"]) {
        process.on(signal, () => process.exit(0));
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    main().catch((error) => {
        console.error(`issuer: ${error.message}`);
        process.exit(1);
    });
}
