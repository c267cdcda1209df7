// nginx's configuration for either place in front of the server (see chain.mjs for what the places are).

/** What reloads it, and how it is started: a master and a worker, in the foreground. */
export const RELOAD = "SIGHUP";
export const COMMAND = (file) => ["-e", "stderr", "-c", file];

function page(dir, { idleMs, graceMs }, http) {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((name) => `    ${name}_temp_path ${dir}/nginx-${name};\n`);
    return `daemon off;
${process.getuid() === 0 ? "user root root;" : ""}
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr notice;
${graceMs === undefined ? "" : `worker_shutdown_timeout ${graceMs}ms;`}
events { worker_connections 500; }
http {
    access_log off;
    default_type application/octet-stream;
${temporary.join("")}
    map $http_upgrade $connection_upgrade {
        default upgrade;
        '' '';
    }
    map $http_upgrade $scheme_of_socket {
        default ws;
        '' http;
    }
    proxy_http_version 1.1;
    proxy_connect_timeout 2s;
    proxy_read_timeout ${idleMs}ms;
    proxy_send_timeout ${idleMs}ms;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
${http}}
`;
}

export function edge({ dir, port, h2Port, to, from, ...times }) {
    return page(dir, times, `
    upstream router {
        server 127.0.0.1:${to} max_fails=0;
        keepalive 8;
    }
    proxy_bind ${from};
    proxy_set_header CF-Connecting-IP $remote_addr;
    proxy_set_header CF-Ray 8f2c1d3e4a5b6c7d-GRU;
    proxy_set_header CF-IPCountry BR;
    proxy_set_header CF-Visitor '{"scheme":"https"}';
    proxy_set_header CDN-Loop cloudflare;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    server {
        listen 127.0.0.1:${port};
        listen 127.0.0.1:${h2Port} http2;
        location / { proxy_pass http://router; }
    }
`);
}

function upstream(name, ports) {
    const servers = ports.map((port) => `        server 127.0.0.1:${port} max_fails=0;\n`);
    return `    upstream ${name} {\n${servers.join("")}        keepalive 8;\n    }\n`;
}

function location(path, to, strip) {
    const stripped = "rewrite ^/api/duel(/.*)$ $1 break; ";
    return `        location ${path} { ${strip ? stripped : ""}proxy_pass http://${to}; }\n`;
}

export function router({ dir, port, nodes, from, edgeAddress, trusts, strip, ...times }) {
    const trusted = trusts ? edgeAddress : "255.255.255.255";
    const all = Object.entries(nodes);
    const named = all.map(([node]) => location(`/api/duel/n/${node}/`, `node-${node}`, strip));
    return page(dir, times, `
    map $remote_addr $forwarded_for {
        ${trusted} $proxy_add_x_forwarded_for;
        default $remote_addr;
    }
    map $remote_addr $forwarded_proto {
        ${trusted} $http_x_forwarded_proto;
        default $scheme_of_socket;
    }
    proxy_bind ${from};
    proxy_set_header X-Real-Ip $remote_addr;
    proxy_set_header X-Forwarded-For $forwarded_for;
    proxy_set_header X-Forwarded-Proto $forwarded_proto;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Port ${port};
    proxy_set_header X-Forwarded-Server router;
    proxy_set_header X-Forwarded-Prefix ${strip ? "/api/duel" : '""'};
${upstream("nodes", all.map(([, own]) => own))}${
    all.map(([node, own]) => upstream(`node-${node}`, [own])).join("")}    server {
        listen 127.0.0.1:${port};
${named.join("")}${location("/api/duel/", "nodes", strip)}        location / { return 404; }
    }
`);
}
