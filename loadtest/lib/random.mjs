// Random numbers that a seed repeats (xoshiro128**), and what one asks of them.

function mix(text) {
    let hash = 2166136261; // FNV-1a
    for (const char of text) {
        hash = Math.imul(hash ^ char.codePointAt(0), 16777619) >>> 0;
    }
    return hash;
}

const turn = (x, bits) => ((x << bits) | (x >>> (32 - bits))) >>> 0;

export class Random {
    #state;

    constructor(seed) {
        this.seed = String(seed);
        this.#state = [0, 1, 2, 3].map((part) => mix(`${part} ${this.seed}`));
    }

    /** Another generator, the same for the same name, however much was drawn from this one. */
    fork(name) {
        return new Random(`${this.seed}/${name}`);
    }

    /** 0 to 1, without 1. */
    next() {
        const s = this.#state;
        const result = Math.imul(turn(Math.imul(s[1], 5) >>> 0, 7), 9) >>> 0;
        const shifted = (s[1] << 9) >>> 0;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = turn(s[3] >>> 0, 11);
        return result / 2 ** 32;
    }

    between(low, high) {
        return low + this.next() * (high - low);
    }

    /** A whole number from low to high, both included. */
    whole(low, high) {
        return Math.floor(this.between(low, high + 1));
    }

    chance(share) {
        return this.next() < share;
    }

    pick(list) {
        return list[this.whole(0, list.length - 1)];
    }

    /** One of [[weight, value], …]. */
    weighted(choices) {
        let left = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
        return (choices.find(([weight]) => (left -= weight) < 0) ?? choices.at(-1))[1];
    }
}
