// Why something did not go on: what promises reject with, and plain frozen objects for the state.

export class DuelProblem extends Error {
    constructor({ code, message = code, close = null, until = null, final = false }) {
        super(message);
        this.name = "DuelProblem";
        Object.assign(this, { code, close, until, final });
    }
}

export function problem(code, { message = code, close = null, until = null, final = false } = {}) {
    return Object.freeze({ code, message, close, until, final });
}

/** Anything that was thrown, as a Problem. */
export function asProblem(error, code = "UNKNOWN") {
    if (error instanceof DuelProblem) {
        return problem(error.code, error);
    }
    return problem(code, { message: String(error?.message ?? error) });
}

/** Codes travel in close reasons beside sentences for developers. */
export function isCode(text) {
    return typeof text === "string" && /^[A-Z][A-Z0-9_]{2,31}$/.test(text);
}
