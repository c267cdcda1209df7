// haproxy's configuration for either place in front of the server (see chain.mjs for what the places are).

/** What reloads it, and how it is started: a master and a worker, in the foreground. */
export const RELOAD = "SIGUSR2";
export const COMMAND = (file) => ["-W", "-f", file];

function head({ idleMs, graceMs }) {
    return `global
    maxconn 500
    nbthread 1
    ${graceMs === undefined ? "" : `hard-stop-after ${graceMs}ms`}
defaults
    mode http
    timeout connect 2s
    timeout http-request 10s
    timeout http-keep-alive 10s
    timeout client ${idleMs}ms
    timeout server ${idleMs}ms
    timeout tunnel ${idleMs}ms
    retries 1
    option redispatch
`;
}

export function edge({ port, h2Port, to, from, ...times }) {
    return `${head(times)}
frontend edge
    bind 127.0.0.1:${port}
    bind 127.0.0.1:${h2Port} proto h2
    http-request set-header CF-Connecting-IP %[src]
    http-request set-header CF-Ray 8f2c1d3e4a5b6c7d-GRU
    http-request set-header CF-IPCountry BR
    http-request set-header CF-Visitor {\\"scheme\\":\\"https\\"}
    http-request set-header CDN-Loop cloudflare
    http-request set-header X-Forwarded-Proto https
    option forwardfor
    default_backend router
backend router
    server router 127.0.0.1:${to} source ${from}
`;
}

function backend(name, { strip, from }, nodes) {
    const stripped = `    http-request replace-path /api/duel(/.*) \\1
    http-request set-header X-Forwarded-Prefix /api/duel
`;
    const servers = nodes.map(([node, port]) => `    server ${node} 127.0.0.1:${port} source ${from}\n`);
    return `backend ${name}\n    balance roundrobin\n${strip ? stripped : ""}${servers.join("")}`;
}

export function router({ port, nodes, edgeAddress, trusts, ...options }) {
    const all = Object.entries(nodes);
    const named = all.map(([node]) => `    use_backend node-${node} if { path_beg /api/duel/n/${node}/ }\n`);
    return `${head(options)}
frontend web
    bind 127.0.0.1:${port}
    acl is_websocket hdr(Upgrade) -i websocket
    acl is_trusted src ${trusts ? edgeAddress : "255.255.255.255"}
    http-request del-header X-Forwarded- -m beg unless is_trusted
    http-request del-header X-Real-Ip unless is_trusted
    http-request set-header X-Real-Ip %[src] unless is_trusted
    http-request set-header X-Forwarded-Proto ws if is_websocket !is_trusted
    http-request set-header X-Forwarded-Proto http if !is_websocket !is_trusted
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header X-Forwarded-Port ${port}
    http-request set-header X-Forwarded-Server router
    http-request return status 404 if !{ path_beg /api/duel/ }
    option forwardfor
${named.join("")}    default_backend nodes
${backend("nodes", options, all)}${all.map((one) => backend(`node-${one[0]}`, options, [one])).join("")}`;
}
