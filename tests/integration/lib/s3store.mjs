// An S3 store on loopback that believes nobody: every request's signature is worked out again by Amazon's
// own signer (@smithy/signature-v4), over the path as S3 defines it. Objects are in memory, and each answer
// can be spoiled. Knows nothing of duels.

import { createHash, createHmac } from "node:crypto";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { SignatureV4 } from "@smithy/signature-v4";

const SKEW_MS = 15 * 60_000;

export class Sha256 {
    constructor(secret) {
        this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
    }

    update(data) {
        this.hash.update(data);
    }

    async digest() {
        return new Uint8Array(this.hash.digest());
    }
}

/** Each byte but the unreserved ones as %XX: what the signature is over, however it was sent. */
export function canonicalPath(path) {
    const one = (segment) => encodeURIComponent(decodeURIComponent(segment))
        .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
    return path.split("/").map(one).join("/");
}

const AUTHORIZATION = new RegExp("^AWS4-HMAC-SHA256 Credential=([^/]+)/\\d{8}/([^/]+)/s3/aws4_request, "
    + "SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$");
const MUST_BE_SIGNED = ["host", "x-amz-content-sha256", "x-amz-date"];

function parseAuthorization(text = "") {
    const found = AUTHORIZATION.exec(text);
    return found && { key: found[1], region: found[2], signed: found[3].split(";") };
}

export class S3Store {
    /** `tls`: {key, cert} to answer over HTTPS alone. */
    constructor({ tls } = {}) {
        this.tls = tls;
        this.bucket = "frames-bucket";
        this.region = "garage";
        this.key = "GK31c2f218a2e44f";
        this.secret = "s3cr3t/+=";
        this.objects = new Map();
        this.served = [];      // keys, in order
        this.refused = [];     // error codes
        this.connections = 0;
        this.spoil = null;     // (request, response, key) => whether it has answered
        this.sockets = new Set();
    }

    /** Listens, again at the same port after stop(). */
    async start() {
        const answer = (request, response) => this.#answer(request, response);
        this.server = this.tls ? createTlsServer(this.tls, answer) : createServer(answer);
        this.server.on("connection", (socket) => {
            this.connections++;
            this.sockets.add(socket);
            socket.on("close", () => this.sockets.delete(socket));
        });
        await new Promise((done, failed) => {
            this.server.once("error", failed);
            this.server.listen(this.port ?? 0, "127.0.0.1", done);
        });
        this.port = this.server.address().port;
    }

    /** Nobody listens any more. */
    async stop() {
        const closed = new Promise((done) => this.server.close(done));
        this.sockets.forEach((socket) => socket.destroy());
        await closed;
    }

    get settings() {
        return {
            DUEL_FRAMES: `s3://${this.bucket}`,
            R2_ENDPOINT: `${this.tls ? "https" : "http"}://127.0.0.1:${this.port}`,
            R2_ACCESS_KEY: this.key, R2_SECRET_KEY: this.secret, R2_REGION: this.region,
        };
    }

    async #answer(request, response) {
        const code = await this.#judge(request);
        if (code) {
            this.refused.push(code);
            return this.error(response, code.startsWith("Authorization") ? 400 : 403, code);
        }
        const path = decodeURIComponent(request.url);
        const prefix = `/${this.bucket}/`;
        if (!path.startsWith(prefix)) {
            return this.error(response, 404, "NoSuchBucket");
        }
        const key = path.slice(prefix.length);
        if (this.spoil?.(request, response, key)) {
            return;
        }
        const object = this.objects.get(key);
        if (!object) {
            return this.error(response, 404, "NoSuchKey");
        }
        this.served.push(key);
        response.writeHead(200, { "Content-Type": "image/png", "Content-Length": object.length });
        response.end(object);
    }

    error(response, status, code) {
        response.writeHead(status, { "Content-Type": "application/xml" });
        response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message/></Error>`);
    }

    /** The error code of a request that is not signed as it should be. */
    async #judge(request) {
        const given = parseAuthorization(request.headers.authorization);
        if (!given || !MUST_BE_SIGNED.every((name) => given.signed.includes(name))) {
            return "AccessDenied";
        }
        if (given.key !== this.key) {
            return "InvalidAccessKeyId";
        }
        if (given.region !== this.region) {
            return "AuthorizationHeaderMalformed";
        }
        const date = request.headers["x-amz-date"]
            .replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
        if (!(Math.abs(Date.parse(date) - Date.now()) < SKEW_MS)) {
            return "RequestTimeTooSkewed";
        }
        const wanted = await this.#sign(request, given.signed, new Date(date));
        return wanted === request.headers.authorization ? null : "SignatureDoesNotMatch";
    }

    async #sign(request, signed, signingDate) {
        const signer = new SignatureV4({
            service: "s3", region: this.region, sha256: Sha256, uriEscapePath: false, applyChecksum: false,
            credentials: { accessKeyId: this.key, secretAccessKey: this.secret },
        });
        const headers = Object.fromEntries(signed.map((name) => [name, request.headers[name]]));
        const again = await signer.sign({
            method: request.method, protocol: "http:", hostname: "127.0.0.1", query: {}, headers,
            path: canonicalPath(request.url),
        }, { signingDate });
        return again.headers.authorization;
    }
}
