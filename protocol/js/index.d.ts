// Types of @framedle/duel. All times are milliseconds of the local clock (Date.now()), worked out with the
// measured offset of the server's; durations end in Ms.

export type Slot = 0 | 1;

export interface DuelOptions {
    /** Origin of the server, e.g. "https://api.framedle.wtf". */
    server: string;
    /** Default "/api/duel". */
    basePath?: string;
    /** Gives Logto's access token for the API resource; nothing when nobody is signed in. `refresh` is true
     *  when the last one was refused. One that throws, or takes longer than 10 s, is called again. */
    token(request: { refresh: boolean }): string | Promise<string>;
    /** For Node 20, which has none: `ws`. Default: globalThis.WebSocket. */
    WebSocket?: unknown;
    /** Default: globalThis.fetch. */
    fetch?: typeof fetch;
    /** Where the match to go back to is remembered over a reload, e.g. sessionStorage. Default: nowhere. */
    storage?: DuelStorage | null;
    /** Clock, timers and chance, for tests. */
    now?(): number;
    setTimeout?(run: () => void, ms: number): unknown;
    clearTimeout?(timer: unknown): void;
    random?(): number;
}

export interface DuelStorage {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
}

/** Why something did not go on. `code` is a key of TEXTS, so that it can be told to a person. */
export interface Problem {
    readonly code: string;
    /** For developers; a person is told by `tell(problem, language)`. */
    readonly message: string;
    /** The WebSocket's close code, when that is how it ended. */
    readonly close: number | null;
    /** May be tried again then. */
    readonly until: number | null;
    /** False: the client goes on by itself. */
    readonly final: boolean;
}

export interface Suggestion { readonly video: string; readonly title: string; readonly channel: string }

export interface Card {
    readonly name: string; readonly avatar: string | null; readonly country: string | null;
    readonly rating: number;
}
export interface Player extends Card { readonly id: string; readonly connected: boolean }

export interface Rules {
    readonly bestOf: number; readonly roundMs: number; readonly countdownMs: number;
    readonly intermissionMs: number; readonly maxGuesses: number; readonly lockoutMs: number;
    readonly graceMs: number; readonly waitingMs: number; readonly rematchMs: number;
    readonly lagCapMs: number;
}

export interface Verdict {
    readonly round: number; readonly seq: number; readonly correct: boolean;
    /** 0, 0.5, 0.7, 0.8 or, when correct, 1. */
    readonly similarity: number;
    readonly ms: number; readonly rawMs: number; readonly guessesLeft: number;
    readonly lockedUntil: number | null;
}

export interface Guess {
    readonly seq: number; readonly video?: string; readonly text?: string;
    /** Null until the server has told it. */
    readonly verdict: Verdict | null;
}

/** The opened picture. `url` is an object URL in browsers, revoked when the match is left; else null. */
export interface Picture { readonly url: string | null; readonly bytes: Uint8Array; readonly type: string }

export interface Opponent { readonly status: "guessing" | "solved" | "out"; readonly guesses: number }

/** The running round; stays until the next one starts, so that its picture and guesses can be shown
 *  beside the result. Null after a reload between rounds. */
export interface Round {
    readonly number: number; readonly startsAt: number; readonly endsAt: number;
    readonly picture: Picture | null;
    /** Why there is no picture, when it could not be had. */
    readonly pictureProblem: Problem | null;
    readonly guesses: readonly Guess[];
    readonly guessesLeft: number; readonly lockedUntil: number | null; readonly solved: boolean;
    readonly opponent: Opponent;
}

export interface RoundEnd {
    readonly number: number; readonly winner: Slot | null; readonly answer: Suggestion;
    /** Credited time of each correct guess, by slot. */
    readonly ms: readonly [number | null, number | null];
    readonly score: readonly [number, number];
    readonly nextAt: number | null;
}

export interface RatingChange { readonly before: number; readonly after: number }

export interface MatchEnd {
    readonly outcome: "win" | "loss" | "draw" | "none";
    readonly reason: "score" | "forfeit" | "abandoned";
    readonly score: readonly [number, number]; readonly points: readonly [number, number];
    /** Null: unrated, or not settled yet; then it is filled in later. */
    readonly rating: RatingChange | null;
    readonly avgMs: number | null; readonly share: string; readonly rematchUntil: number;
}

export interface Rematch {
    readonly slot: Slot; readonly status: "offered" | "declined" | "expired" | "accepted";
    /** Whose offer it was: with `declined`, that of `slot` was taken back and that of the other refused, which
     *  is final for the other. Null: not known here. */
    readonly offeredBy: Slot | null;
}

/** An own invitation that waits for somebody. */
export interface Waiting { readonly url: string; readonly expiresAt: number }

export interface Invitation {
    readonly match: string; readonly path: string;
    /** For the friend. */
    readonly url: string;
    readonly expiresAt: number; readonly rated: boolean;
}

export interface Match {
    readonly id: string; readonly you: Slot; readonly rated: boolean;
    readonly phase: "waiting" | "countdown" | "round" | "intermission" | "over";
    readonly phaseEndsAt: number | null;
    readonly rules: Rules; readonly players: readonly [Player, Player];
    readonly score: readonly [number, number];
    /** Matches that each has won in this row of rematches, before this one. */
    readonly series: readonly [number, number];
    /** While nobody has come; the other of `players` has no name then. */
    readonly invitation: Waiting | null;
    /** Who is away forfeits if not back by then. */
    readonly graceUntil: readonly [number | null, number | null];
    /** Finished rounds. */
    readonly rounds: readonly RoundEnd[];
    readonly round: Round | null;
    readonly end: MatchEnd | null;
    readonly rematch: Rematch | null;
}

export interface Queue {
    readonly since: number; readonly rating: number;
    /** Rating distance searched now; null: unbounded. */
    readonly window: number | null;
    readonly waiting: number;
    /** Expected wait in milliseconds, null until known. */
    readonly eta: number | null;
    readonly expiresAt: number;
}

/** Everything a UI needs to render: a new frozen object whenever something changed. */
export interface DuelState {
    /** "matched": a match is known and being connected to; "inviting": `match.invitation` waits for a friend;
     *  "playing": from its `welcome` to its end. */
    readonly status: "idle" | "searching" | "matched" | "inviting" | "playing" | "over" | "failed";
    /** "offline": waiting for the next attempt, at `retryAt` or when the browser says that it is online. */
    readonly connection: "none" | "connecting" | "online" | "offline";
    readonly retryAt: number | null;
    /** What is wrong now; gone when it is mended. */
    readonly problem: Problem | null;
    /** Null until the server has answered. */
    readonly queue: Queue | null;
    /** Who was found; null for a match that was opened by its id. */
    readonly found: { readonly match: string; readonly opponent: Card } | null;
    readonly match: Match | null;
    /** To be shown as it is, until its time is over. */
    readonly notice: Notice | null;
}

/** What operators tell all players. `until`: null: until the server says otherwise. */
export interface Notice {
    readonly message: string; readonly until: number | null;
}

export interface Me {
    readonly id: string; readonly name: string; readonly avatar: string | null;
    readonly country: string | null; readonly rating: number;
    readonly wins: number; readonly losses: number; readonly draws: number;
    readonly match: { readonly match: string; readonly path: string; readonly phase: Match["phase"] } | null;
    readonly queue: {
        readonly status: "idle" | "queued" | "matched"; readonly since: number | null;
        readonly rating: number | null; readonly window: number | null; readonly waiting: number | null;
        readonly eta: number | null; readonly expiresAt: number | null;
    };
    readonly notice: Notice | null;
}

/** Somebody in a list. Who was deleted has no name, and keeps place and rating. */
export interface Person {
    readonly id: string; readonly name: string | null; readonly avatar: string | null;
    readonly country: string | null; readonly rating: number; readonly deleted: boolean;
}

export interface HistoryEntry {
    readonly match: string; readonly opponent: Person;
    readonly outcome: MatchEnd["outcome"]; readonly reason: MatchEnd["reason"];
    /** The own one first. */
    readonly score: readonly [number, number];
    readonly rating: RatingChange | null;
    /** Whether ratings moved. */
    readonly rated: boolean; readonly isVoid: boolean;
    readonly completedAt: number;
}

/** Equal ratings have the same rank. */
export interface Rank extends Person {
    readonly rank: number; readonly wins: number; readonly losses: number; readonly draws: number;
}

/** `rank` is null and `around` empty for who has no rated match. */
export interface OwnRank {
    readonly rank: number | null; readonly total: number;
    /** Up to five above and below, the caller's between. */
    readonly around: readonly Rank[];
}

export interface PlayedRound {
    readonly number: number; readonly winner: Slot | null; readonly answer: Suggestion;
    readonly ms: readonly [number | null, number | null]; readonly score: readonly [number, number];
    /** What was typed; null for who did not play. */
    readonly guesses: readonly (Omit<Verdict, "round" | "guessesLeft" | "lockedUntil"> &
        { readonly slot: Slot; readonly video?: string; readonly text?: string | null })[] | null;
}

/** A match from outside: an invitation, a live one (for its players), or one that has ended. */
export interface Look {
    readonly match: string; readonly phase: Match["phase"]; readonly rated: boolean; readonly isVoid: boolean;
    /** The caller's slot; null: none of the two. */
    readonly you: Slot | null;
    /** Of an open invitation only who invites. */
    readonly players: readonly Person[];
    readonly score: readonly [number, number]; readonly rounds: readonly PlayedRound[];
    /** Of an open invitation. */
    readonly invitation: { readonly expiresAt: number } | null;
    /** From here on null unless it has ended. */
    readonly bestOf: number | null; readonly winner: Slot | null; readonly reason: MatchEnd["reason"] | null;
    readonly points: readonly [number, number] | null;
    readonly rating: readonly [RatingChange, RatingChange] | null;
    readonly startedAt: number | null; readonly completedAt: number | null;
}

export interface DuelEvents {
    /** After every change, at most once a microtask. */
    state: DuelState;
    /** Every well-formed server message as it came: its own names, the server's clock. */
    message: { readonly t: string; readonly [field: string]: unknown };
    matched: { readonly match: string; readonly opponent: Card };
    round: { readonly number: number; readonly startsAt: number; readonly endsAt: number };
    picture: Picture & { readonly round: number };
    verdict: Verdict;
    opponent: Opponent & { readonly round: number };
    roundEnd: RoundEnd;
    matchEnd: MatchEnd;
    rating: RatingChange;
    player: { readonly slot: Slot; readonly connected: boolean; readonly graceUntil: number | null };
    rematch: Rematch;
    /** Also of what only one call or one attempt met. */
    problem: Problem;
    /** Set, changed or (null) taken away. */
    notice: Notice | null;
}

export interface Duel {
    readonly state: DuelState;
    /** Returns its removal. */
    on<K extends keyof DuelEvents>(type: K, listener: (event: DuelEvents[K]) => void): () => void;
    /** Enters the queue and goes on into the match by itself. */
    search(): void;
    /** Leaves the queue: `idle` once the server knows. Who was found at that very moment plays. */
    cancel(): void;
    /** Opens a match by its id or link: somebody's invitation, or one to go back to. */
    open(matchOrLink: string): void;
    /** Makes an invitation and waits in it: `inviting`, then the match when the friend comes. Leaves the queue.
     *  Rejects with a Problem: RATED_OFF, RATED_NEEDS_OPPONENTS, TOO_MANY_INVITES, PLAYER_BUSY … */
    invite(options?: { rated?: boolean }): Promise<Invitation>;
    /** Takes back the invitation that is waited in (`idle` once the server knows), or that one. */
    withdraw(matchOrLink?: string): Promise<void>;
    /** A match from outside: who invites, or how it ended. */
    lookAt(matchOrLink: string): Promise<Look>;
    /** Goes back to a live match after a reload: by the stored ticket, else by GET me. False: there is none.
     *  Rejects with a Problem when that cannot be found out. */
    resume(): Promise<boolean>;
    /** Resolves with the verdict or rejects with a Problem. Sent again, with its seq, after a reconnect. */
    guess(answer: { video: string; text?: never } | { text: string; video?: never }): Promise<Verdict>;
    /** As you type: the newest question wins, an older one resolves to null. Below the server's limit. */
    suggest(q: string): Promise<readonly Suggestion[] | null>;
    /** In the queue: as `cancel`. Before the first round cancels the match, later forfeits. */
    leave(): void;
    /** After the match: offers or accepts another; or declines, or takes the own offer back. The client goes on
     *  into the new match by itself. */
    rematch(accept: boolean): void;
    /** Back to idle: closes everything, takes back an own invitation or offer that is open, forgets the match.
     *  No timer is left. */
    reset(): void;
    me(): Promise<Me>;
    searchTitles(q: string, limit?: number): Promise<readonly Suggestion[]>;
    /** Own matches that have ended, latest first; `before`: the last `match` of the page before. A page with
     *  fewer than `limit` (20) is the last. */
    history(page?: { limit?: number; before?: string }): Promise<readonly HistoryEntry[]>;
    /** Best first; needs nobody signed in. */
    leaderboard(page?: { limit?: number; offset?: number }): Promise<readonly Rank[]>;
    ownRank(): Promise<OwnRank>;
}

export function createDuel(options: DuelOptions): Duel;

/** The id of a match that stands in a text: an id, a path or a link; null: none does. */
export function matchIn(text: unknown): string | null;

/** What promises of a Duel reject with. */
export class DuelProblem extends Error implements Problem {
    readonly code: string;
    readonly close: number | null;
    readonly until: number | null;
    readonly final: boolean;
}

export { TEXTS, tell } from "./texts.js";
