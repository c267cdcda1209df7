// The application's token callback, bounded: one that never answers would hold up everything behind it.

const TOKEN_MS = 10_000;

/** What `token` of the options gives. Rejects when it throws, takes longer than TOKEN_MS, or on `signal`. */
export function askToken(env, request, signal) {
    return new Promise((resolve, reject) => {
        const end = (settle) => (value) => {
            env.clearTimeout(timer);
            signal.removeEventListener("abort", abort);
            settle(value);
        };
        const fail = end(reject);
        const abort = () => fail(new Error("nobody waits for a token any more"));
        const timer = env.setTimeout(() => fail(new Error("token() took too long")), TOKEN_MS);
        signal.addEventListener("abort", abort);
        if (signal.aborted) {
            abort();
        }
        env.token(request).then(end(resolve), fail);
    });
}
