// How fast this client may speak: below the server's limits, so that no person's typing closes the socket.
// Knows nothing of messages.

/** Lets `burst` through at once and `perSecond` after that; the rest waits in order. */
export function createPace(env, { perSecond, burst }) {
    let full = 0; // when the bucket will be full again
    let waiting = [];
    let timer = null;
    const step = 1000 / perSecond;

    function run() {
        timer = null;
        while (waiting.length > 0) {
            const now = env.now();
            full = Math.min(Math.max(full, now), now + burst * step);
            if (full + step - now > burst * step) {
                timer = env.setTimeout(run, Math.ceil(full + step - now - burst * step));
                return;
            }
            full += step;
            waiting.shift()();
        }
    }

    return {
        do(action) {
            waiting.push(action);
            if (timer === null) {
                run();
            }
        },
        clear() {
            waiting = [];
            env.clearTimeout(timer);
            timer = null;
        },
    };
}
