// What the screens share: the client's state, who plays, and everything a button can ask for. Which screen is
// shown follows from this alone (screenOf). Knows no DOM and no protocol.

import { createDuel } from "@framedle/duel";
import { setLanguage } from "./i18n.js";
import { asProblem } from "./parts/told.js";
import { forgetInvitation, goTo, invitationOf, viewOf } from "./route.js";
import { forget, named, remember, rememberSearching, tokensOf, wasSearching } from "./session.js";

/** How long the last round's result stays before the summary. */
const LAST_RESULT_MS = 4500;

/** The name of the screen for what is known. */
export function screenOf(app) {
    if (!app.who) {
        return "players";
    }
    if (app.problem) {
        return "problem";
    }
    if (app.returning) {
        return "loading";
    }
    const { status, match } = app.state;
    if (status === "searching" || status === "inviting") {
        return status;
    }
    if (match?.phase === "over" && match.end) {
        return app.holding ? "match" : "summary";
    }
    if (match && (match.phase === "round" || match.phase === "intermission")) {
        return "match";
    }
    if (status === "matched" || match) {
        return "found";
    }
    return app.invitation ? "invited" : app.view.name;
}

const IDLE = {
    status: "idle",
    connection: "none",
    retryAt: null,
    problem: null,
    queue: null,
    found: null,
    match: null,
    notice: null,
};

export class App {
    who = null;
    me = null;
    /** Why the player's own figures are not there. */
    meProblem = null;
    state = IDLE;
    /** What stopped everything, for the problem screen. */
    problem = null;
    /** The last round's result is still shown. */
    holding = false;
    returning = false;
    /** Somebody's invitation in the address: the id of its match. */
    invitation = invitationOf(location);
    /** What is on show while nothing is played: {name, match}. */
    view = viewOf(location);
    /** Titles of videos that were suggested, by id: a guess is kept by id only. */
    titles = new Map();
    /** Pictures of the rounds of this match, by number. */
    frames = new Map();
    #duel = null;
    #match = null;
    /** The latest round that was on show, to know a match again. */
    #seen = { match: null, round: 0 };
    #hold = null;
    /** Trying again means looking for an opponent, or coming in once more. */
    #searched = false;
    /** The invitation that was accepted, until its match is there. */
    #accepted = null;

    /** `changed` is called after every change. */
    constructor(config, changed) {
        this.config = config;
        this.changed = changed;
    }

    // Who plays.

    choose(player) {
        remember(player);
        return this.enter(player);
    }

    async chooseName(name) {
        const player = await named(name).catch(() => null);
        if (player) {
            this.choose(player);
        }
        return player !== null;
    }

    /** Starts the client for a player, and goes back to a duel that is still on. */
    async enter(player) {
        this.#duel?.reset();
        const duel = createDuel({
            server: this.config.server,
            token: tokensOf(player),
            storage: sessionStorage,
        });
        Object.assign(this, {
            who: player,
            me: null,
            problem: null,
            returning: true,
            state: duel.state,
        });
        this.#duel = duel;
        this.#searched = false;
        duel.on("state", (state) => this.#onState(state));
        this.changed();
        const wantsMore = wasSearching();
        const isBack = await duel.resume().catch(() => false);
        this.returning = false;
        if (!isBack && wantsMore && !this.invitation) {
            this.search();
        }
        this.changed();
        await this.loadMe();
    }

    changePlayer() {
        this.#duel?.reset();
        rememberSearching(false);
        forget();
        Object.assign(this, { who: null, me: null, problem: null, state: IDLE });
        this.changed();
    }

    async loadMe() {
        try {
            this.me = await this.#duel.me();
            this.meProblem = null;
        } catch (error) {
            this.meProblem = asProblem(error);
        }
        this.changed();
    }

    setLanguage(id) {
        setLanguage(id);
        this.changed(true);
    }

    // What the client tells.

    #onState(state) {
        const before = this.state;
        this.state = state;
        if (state.status !== before.status) {
            rememberSearching(state.status === "searching");
        }
        if (state.match) {
            this.#accepted = null; // it was not taken by anybody else
        }
        if (state.match?.id !== this.#match) {
            this.#match = state.match?.id ?? null;
            this.frames.clear();
            this.#release();
        }
        const { round } = state.match ?? {};
        if (round) {
            this.#seen = { match: state.match.id, round: round.number };
        }
        if (round?.picture?.url) {
            this.frames.set(round.number, round.picture.url);
        }
        if (state.problem?.final || state.status === "failed") {
            this.problem = this.#inItsPlace(state.problem);
        }
        this.#holdResult(before.match, state.match);
        this.changed();
    }

    /** A last round ends the match at once; its result is shown first. */
    #holdResult(before, match) {
        const ended = match?.phase === "over" && match.end?.reason === "score";
        if (ended && before?.id === match.id && !before.end) {
            this.holding = true;
            this.#hold = setTimeout(() => this.showSummary(), LAST_RESULT_MS);
        }
    }

    /** A match of two others is, for who followed an invitation to it, one that somebody else has taken. */
    #inItsPlace(problem) {
        const isTaken = problem?.code === "NOT_YOUR_MATCH" && this.#accepted;
        return isTaken ? { ...problem, code: "INVITE_TAKEN" } : problem;
    }

    #release() {
        clearTimeout(this.#hold);
        this.holding = false;
    }

    /**
     * Whether the duel is not a new one: it is gone back to, or goes on after its server died.
     *
     * {next: the number of the round that comes, void: whether it was on show and starts again}, else null;
     * `next` is null until the match is known.
     */
    get wayBack() {
        const { match, found } = this.state;
        if (!match) {
            return found ? null : { next: null, void: false };
        }
        const seen = this.#seen.match === match.id ? this.#seen.round : 0;
        const next = (match.rounds.at(-1)?.number ?? 0) + 1;
        return next > 1 || seen > 0 ? { next, void: seen === next } : null;
    }

    // What buttons do.

    /** Follows the client at once: what a button asked for is on show with the next frame. */
    #follow() {
        this.problem = null;
        this.#onState(this.#duel.state);
    }

    search() {
        this.#searched = true;
        this.#accepted = null;
        this.#duel.search();
        this.#follow();
    }

    cancel() {
        this.#duel.cancel();
    }

    leave() {
        this.#duel.leave();
    }

    /** Null when it is made and waited in, else why not. */
    async invite(rated) {
        try {
            await this.#duel.invite({ rated });
            this.#clearView();
            return null;
        } catch (error) {
            return error;
        }
    }

    withdraw() {
        this.#duel.withdraw().catch(() => {}); // nobody can be told any more; it runs out by itself
    }

    /** Enters the match of the invitation that the address holds. */
    accept() {
        this.#accepted = this.invitation;
        this.#forgetInvitation();
        this.#searched = false;
        this.#duel.open(this.#accepted);
        this.#follow();
    }

    /** Not now, or nothing can come of it. */
    dismiss() {
        this.#forgetInvitation();
        this.changed();
    }

    #forgetInvitation() {
        this.invitation = null;
        forgetInvitation();
    }

    rematch(accept) {
        this.#duel.rematch(accept);
    }

    /** What the client says of one call, as of a rematch that is refused; returns its end. */
    onProblem(listener) {
        return this.#duel.on("problem", listener);
    }

    /** What comes after is the start again. */
    #clearView() {
        goTo("");
        this.view = viewOf(location);
    }

    /** The address has changed. */
    turn() {
        this.view = viewOf(location);
        this.changed();
    }

    // What is only read; each rejects with a Problem.

    lookAt(match) {
        return this.#duel.lookAt(match);
    }

    history(page) {
        return this.#duel.history(page);
    }

    leaderboard(page) {
        return this.#duel.leaderboard(page);
    }

    ownRank() {
        return this.#duel.ownRank();
    }

    showSummary() {
        this.#release();
        this.changed();
    }

    goHome() {
        this.#accepted = null;
        this.#clearView();
        this.#duel.reset();
        this.#follow();
        this.loadMe();
    }

    /** Does what a problem's button says. */
    mend(action) {
        const match = this.state.match?.id ?? this.state.found?.match ?? this.#accepted;
        if (action === "reload") {
            location.reload();
        } else if (match && (action === "here" || action === "retry" || action === "wait")) {
            this.#duel.open(match);
            this.#follow();
        } else if (action === "here" || action === "signin" || (action === "retry" && !this.#searched)) {
            this.enter(this.who);
        } else {
            this.search();
        }
    }

    /** The verdict, or null when the guess was not taken. */
    async guess(answer, item) {
        if (item) {
            this.titles.set(item.video, item.title);
        }
        return this.#duel.guess(answer).catch(() => null);
    }

    async suggest(q) {
        return this.#duel.suggest(q);
    }
}
