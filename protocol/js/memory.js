// The match to go back to after a reload: its id and resume ticket, in a storage that the page gives.

import { isTicket, isUuid } from "./shapes.js";

const KEY = "framedle.duel.match";

export function createMemory(storage) {
    const quietly = (run) => {
        try {
            return storage ? run() : null;
        } catch {
            return null; // full, or forbidden in a private window: then there is no memory
        }
    };
    return {
        read() {
            const kept = quietly(() => JSON.parse(storage.getItem(KEY)));
            return kept && isUuid(kept.match) && isTicket(kept.resume)
                ? { match: kept.match, resume: kept.resume } : null;
        },
        keep(match, resume) {
            quietly(() => storage.setItem(KEY, JSON.stringify({ match, resume })));
        },
        forget() {
            quietly(() => storage.removeItem(KEY));
        },
    };
}
