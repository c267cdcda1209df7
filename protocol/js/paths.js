// Which addresses a server may send this client to: only its own, below the base path.

const MATCH = "match/[0-9a-fA-F-]{36}";
const NODE = "(/n/[A-Za-z0-9_-][A-Za-z0-9._-]{0,63})?";

export function createPaths(basePath) {
    const base = basePath.replace(/[.]/g, "\\.");
    const match = new RegExp(`^${base}${NODE}/${MATCH}$`);
    const queue = new RegExp(`^${base}${NODE}/queue$`);
    const frame = new RegExp(`^${base}${NODE}/frame/[A-Za-z0-9_-]{1,128}$`);
    return {
        queue: `${basePath}/queue`,
        match: (id) => `${basePath}/match/${id}`,
        isQueue: (path) => queue.test(path),
        isMatch: (path, id) => match.test(path) && path.toLowerCase().endsWith(`/${id.toLowerCase()}`),
        isFrame: (path) => frame.test(path),
    };
}
