// The server's clock as seen from here: the offset of the probe with the smallest round trip among the
// latest. Knows nothing of sockets.

const SAMPLES_MAX = 8;
const JUMP_MS = 100; // more than round trips explain: somebody set the clock, or the machine slept

export function createClock() {
    let samples = [];
    let rough = 0;
    let best = null;

    function choose() {
        best = samples.reduce((one, other) => (one === null || other.rtt <= one.rtt ? other : one), null);
    }

    return {
        /** Local time plus this is the server's. */
        get offset() {
            return best ? best.offset : rough;
        },

        /** A time told in passing, of unknown age: better than nothing until the first probe. */
        hint(serverNow, localNow) {
            rough = serverNow - localNow;
        },

        probe(sentAt, receivedAt, serverNow) {
            if (receivedAt < sentAt) {
                // The clock here was set back in between.
                samples = [];
                best = null;
                rough = serverNow - receivedAt;
                return;
            }
            const rtt = receivedAt - sentAt;
            const sample = { rtt, offset: Math.round(serverNow - sentAt - rtt / 2) };
            if (best && Math.abs(sample.offset - best.offset) > (sample.rtt + best.rtt) / 2 + JUMP_MS) {
                samples = [];
            }
            samples.push(sample);
            samples.splice(0, samples.length - SAMPLES_MAX);
            choose();
        },

        toLocal(time) {
            return time === null || time === undefined ? null : time - this.offset;
        },
    };
}
