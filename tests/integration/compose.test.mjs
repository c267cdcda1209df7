// The files for Coolify, as Docker Compose would read them: that the server accepts the environment they
// give it, that both say the same, and that Traefik's labels are whole. What only Docker can tell is not
// tried here.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const DEPLOY = resolve(dirname(fileURLToPath(import.meta.url)), "../../deploy");
const VALUES = {
    DATABASE_URL: "postgresql://duel:secret@abc:5432/framedle", API_DOMAIN: "api.framedle.test",
    LOGTO_ENDPOINT: "https://auth.framedle.test", LOGTO_API_RESOURCE: "https://api.framedle.test",
    DUEL_ALLOWED_ORIGINS: "https://framedle.test", R2_ENDPOINT: "https://abc.r2.cloudflarestorage.com",
    R2_BUCKET: "frames", R2_ACCESS_KEY_ID: "key", R2_SECRET_ACCESS_KEY: "secret",
};

/** A value with ${NAME}, ${NAME:-default}, ${NAME:?} filled in; throws where one is required and missing. */
function filled(text, values) {
    return text.replace(/\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}/g, (_, name, kind, other) => {
        if (values[name]) {
            return values[name];
        }
        if (kind === "?") {
            throw new Error(`${name} is required`);
        }
        return other ?? "";
    });
}

function load(name) {
    const file = parse(readFileSync(join(DEPLOY, name), "utf8"), { merge: true });
    const nodes = Object.values(file.services).filter((service) => service.build);
    return { ...file, nodes };
}

const one = load("docker-compose.coolify.yml");
const two = load("docker-compose.coolify-2-nodes.yml");
const nodes = [...one.nodes, ...two.nodes];

function environmentOf(node, values = VALUES) {
    const entries = Object.entries(node.environment);
    return Object.fromEntries(entries.map(([name, value]) => [name, filled(value, values)]));
}

function labelsOf(node) {
    return new Map(node.labels.map((label) => {
        const [, name, value] = /^([^=]+)=(.*)$/.exec(filled(label, VALUES));
        return [name, value];
    }));
}

function server(args, env) {
    return new Promise((done) => {
        execFile(process.env.DUEL_SERVER, args, { env: { PATH: process.env.PATH, ...env } },
            (error, stdout, stderr) => done({ status: error?.code ?? 0, stdout, stderr }));
    });
}

test("the server accepts the environment, and knows every setting in it", async () => {
    const help = (await server(["--help"], {})).stdout;
    for (const node of nodes) {
        const { status, stderr } = await server(["--check-config"], environmentOf(node));
        assert.equal(status, 0, stderr);
        for (const name of Object.keys(node.environment).filter((one) => one !== "API_DOMAIN")) {
            assert.match(help, new RegExp(`\\b${name}\\b`), `${name} is no setting`);
        }
    }
});

test("what is required is asked for, and nothing else", () => {
    for (const node of nodes) {
        for (const name of Object.keys(VALUES)) {
            assert.throws(() => environmentOf(node, { ...VALUES, [name]: "" }),
                { message: `${name} is required` });
        }
    }
});

test("two nodes differ in their names and routers only", () => {
    const plain = (node) => {
        const { labels, environment, ...rest } = node;
        const { DUEL_NODE_ID: _, ...settings } = environment;
        return { ...rest, settings };
    };
    for (const node of two.nodes) {
        assert.deepEqual(plain(node), plain(one.nodes[0]));
    }
    assert.deepEqual(two.services["duel-valkey"], one.services["duel-valkey"]);
    assert.deepEqual(two.networks, one.networks);
    assert.deepEqual(two.volumes, one.volumes);
    assert.deepEqual(two.nodes.map((node) => node.environment.DUEL_NODE_ID), ["a", "b"]);
});

test("each router is whole, and leads to a service with the server's port", () => {
    for (const node of nodes) {
        const labels = labelsOf(node);
        const id = node.environment.DUEL_NODE_ID;
        const names = [...labels.keys()].map((name) => /^traefik\.http\.routers\.([^.]+)/.exec(name)?.[1]);
        const routers = [...new Set(names.filter((name) => name))];
        assert.deepEqual(routers, two.nodes.includes(node) ? ["duel", `duel-${id}`] : ["duel"]);
        assert.equal(labels.get("traefik.enable"), "true");
        assert.ok(node.networks.includes(labels.get("traefik.docker.network")));
        for (const router of routers) {
            const of = (name) => labels.get(`traefik.http.routers.${router}.${name}`);
            const [path, least] = router === "duel" ? ["/api/duel/", 1000] : [`/api/duel/n/${id}/`, 1001];
            assert.equal(of("rule"), `Host(\`api.framedle.test\`) && PathPrefix(\`${path}\`)`);
            assert.equal(of("entrypoints"), "https");
            assert.equal(of("tls"), "true");
            assert.equal(of("tls.certresolver"), "letsencrypt");
            assert.ok(Number(of("priority")) >= least, "before the API's, and the longer path first");
            const port = labels.get(`traefik.http.services.${of("service")}.loadbalancer.server.port`);
            assert.equal(port, "4100");
        }
    }
    const shared = two.nodes.map((node) => node.labels.filter((label) => !/\.duel-[ab]\./.test(label)));
    assert.deepEqual(shared[0], shared[1], "Traefik drops a router that two containers describe differently");
});

test("nothing is published, and a container may do what it needs and no more", () => {
    const dockerfile = readFileSync(join(DEPLOY, "Dockerfile"), "utf8");
    const health = JSON.parse(/HEALTHCHECK[^[]*(\[.*\])/.exec(dockerfile)[1]);
    for (const service of [...nodes, one.services["duel-valkey"]]) {
        assert.equal(service.ports, undefined);
        assert.equal(service.read_only, true);
        assert.deepEqual(service.cap_drop, ["ALL"]);
        assert.deepEqual(service.security_opt, ["no-new-privileges:true"]);
        assert.match(service.mem_limit, /^\d+m$/);
    }
    for (const node of nodes) {
        assert.deepEqual(node.healthcheck.test, ["CMD", ...health]);
        assert.equal(node.stop_grace_period, "30s", "longer than DUEL_DRAIN_MS");
        assert.equal(node.build.dockerfile, "deploy/Dockerfile");
    }
    assert.deepEqual(one.services["duel-valkey"].networks, ["duel"]);
    assert.deepEqual(one.networks.duel, { internal: true });
    const command = one.services["duel-valkey"].command.join(" ");
    assert.match(command, /--appendonly yes.*--maxmemory-policy noeviction/);
});
