// The books: what every bot was told against what is stored, and what is stored against itself.

import { readFileSync } from "node:fs";
import { PgClient } from "./packages.mjs";
import { until } from "./processes.mjs";

const BOOKS = new URL("../../tests/integration/books.sql", import.meta.url);
const ORDER = new URL("../../tests/integration/books_order.sql", import.meta.url);
const PATIENCE_MS = 30_000;

async function rowsOf(db) {
    const { rows } = await db.query(`select m.*, p1.auth_provider_id as sub1, p2.auth_provider_id as sub2
        from duel_matches m join users p1 on p1.id = m.player1_id join users p2 on p2.id = m.player2_id`);
    return new Map(rows.map((row) => [row.id, row]));
}

/** Must there be a row? Yes or no, or undefined where nobody was told enough to know. A match that was
 * taken over in its first round may have forgotten that it began: nothing was told of it. */
function shouldBeStored(match) {
    if (match.ends.some((end) => end && end.outcome !== "none") || (match.isEnded && match.rounds.size > 0)) {
        return true;
    }
    return match.isEnded && !match.isStarted ? false : undefined;
}

export class Books {
    constructor(notebook) {
        this.notebook = notebook;
    }

    async compare(databaseUrl, valkey) {
        const db = new PgClient({ connectionString: databaseUrl });
        await db.connect();
        try {
            await this.#stored(db);
            await this.#inItself(db);
            await this.#ranking(db, valkey);
        } finally {
            await db.end();
        }
    }

    #wrong(kind, text, match, row) {
        this.notebook.violation(kind, row ? `${text}\n    row: ${JSON.stringify(row)}` : text, match);
    }

    // ---- told against stored ----

    async #stored(db) {
        const { matches } = this.notebook;
        const isMissing = (rows) => [...matches.values()].some((one) => shouldBeStored(one) && !rows.has(one.id));
        let rows = await rowsOf(db);
        await until(async () => !isMissing(rows) || !isMissing(rows = await rowsOf(db)), PATIENCE_MS, 500);
        this.notebook.count("rows in duel_matches", rows.size);
        for (const match of matches.values()) {
            this.#one(match, rows.get(match.id));
        }
        for (const row of rows.values()) {
            if (!matches.has(row.id)) {
                this.#wrong("unknown-row", `nobody was ever told of match ${row.id}`, null, row);
            }
        }
    }

    #one(match, row) {
        const should = shouldBeStored(match);
        if (should && !row) {
            this.#wrong("row-missing", "it was told to have ended, and is not stored", match);
        } else if (should === false && row) {
            this.#wrong("row-too-much", "it came to nothing, and is stored", match, row);
        } else if (!match.isEnded && !row && match.isStarted) {
            this.#wrong("match-lost", "it was started, and nobody was told of its end, nor is it stored", match);
        } else if (!match.isEnded && !row) {
            this.notebook.count("matches that came to nothing, untold");
        }
        this.#blame(match, row);
        if (row) {
            this.#figures(match, row);
            this.#rounds(match, row);
        }
    }

    /** Nobody loses by an outage: a forfeit or an end without a result has a bot that wanted it. */
    #blame(match, row) {
        const reason = match.ends.find((end) => end)?.reason ?? row?.reason;
        const isGuilty = (slot) => match.left[slot] || match.stayedAway[slot];
        if (reason === "forfeit") {
            const winner = match.ends[0] ? Number(match.ends[0].outcome === "loss")
                : match.ends[1] ? Number(match.ends[1].outcome === "win")
                : Number(row.winner_id === row.player2_id);
            if (!isGuilty(1 - winner)) {
                this.#wrong("forfeit-by-nobody", `seat ${1 - winner} loses by forfeit and never left`, match, row);
            }
        } else if (reason === "abandoned" && !isGuilty(0) && !isGuilty(1)) {
            const kind = match.isStarted ? "abandoned-by-nobody" : "never-started";
            if (match.isStarted) {
                this.#wrong(kind, "abandoned, though nobody left", match, row);
            }
            this.notebook.count(match.isStarted ? "abandoned by nobody" : "abandoned before the first round");
        }
    }

    #figures(match, row) {
        const slotOfWinner = row.winner_id === null ? null : Number(row.winner_id === row.player2_id);
        if (match.players && match.players !== `${row.player1_id} ${row.player2_id}`) {
            this.#wrong("row-differs", "other players", match, row);
        }
        if (!["completed", "abandoned"].includes(row.status)) {
            this.#wrong("row-differs", `status ${row.status}`, match, row);
        }
        for (const slot of [0, 1]) {
            const end = match.ends[slot];
            const outcome = row.status === "abandoned" ? "none" : slotOfWinner === null ? "draw"
                : slotOfWinner === slot ? "win" : "loss";
            if (end && (end.outcome !== outcome || end.reason !== row.reason ||
                end.score.join() !== `${row.score_p1},${row.score_p2}` ||
                end.points.join() !== `${row.points_p1},${row.points_p2}`)) {
                this.#wrong("row-differs", `seat ${slot} was told ${end.text}`, match, row);
            }
            this.#rating(match, row, slot);
        }
    }

    #rating(match, row, slot) {
        const told = match.ratings[slot];
        const before = slot === 0 ? row.rating_p1_before : row.rating_p2_before;
        const after = slot === 0 ? row.rating_p1_after : row.rating_p2_after;
        if (told && (told.before !== before || told.after !== after)) {
            this.#wrong("rating-differs", `seat ${slot} was told ${told.before} to ${told.after}`, match, row);
        }
        if (match.ends[slot] && row.status === "completed") {
            this.notebook.count(told ? "ratings told" : "ratings not told while connected");
        }
        if (row.status === "completed" && before === null) {
            this.#wrong("unrated", "a match of the queue is not rated", match, row);
        }
    }

    #rounds(match, row) {
        const stored = new Map(row.rounds.map((round) => [round.round, round]));
        for (const [number, told] of match.rounds) {
            const round = stored.get(number);
            const times = round && JSON.stringify([round.p1_time ?? null, round.p2_time ?? null]);
            if (!round || round.winner !== told.winner || round.video_id !== told.video ||
                round.title !== told.title || times !== JSON.stringify(told.ms)) {
                this.#wrong("round-differs", `round ${number} was told as ${told.text}`, match, row);
            }
        }
        if (match.isEnded && row.rounds.length !== match.rounds.size) {
            this.#wrong("round-differs", `${match.rounds.size} rounds were told, ${row.rounds.length} are stored`,
                match, row);
        }
    }

    // ---- stored against itself ----

    async #inItself(db) {
        for (const file of [BOOKS, ORDER]) {
            const { rows } = await db.query(readFileSync(file, "utf8"));
            rows.forEach(({ wrong }) => this.#wrong("books", wrong));
        }
        const { rows: twice } = await db.query(`
            with seats as (
                select id, player1_id as player, started_at, completed_at from duel_matches
                union all select id, player2_id, started_at, completed_at from duel_matches)
            select a.player, a.id as one, b.id as other from seats a join seats b
                on a.player = b.player and a.id < b.id
                and a.started_at < b.completed_at and b.started_at < a.completed_at`);
        for (const { player, one, other } of twice) {
            this.#wrong("two-matches", `player ${player} played ${one} and ${other} at the same time`,
                this.notebook.matches.get(one));
        }
        for (const { sub, at, id, current } of this.notebook.claims) {
            // A match that nobody had told the end of may have been over: then its row is older.
            const { rows } = await db.query("select completed_at from duel_matches where id = $1", [current.id]);
            const isOver = rows[0] ? rows[0].completed_at.getTime() <= at : !current.isStarted;
            if (!isOver) {
                this.#wrong("two-matches", `${sub} was told of ${id} while in ${current.id}`, current);
            }
        }
    }

    async #ranking(db, valkey) {
        const { rows } = await db.query("select user_id, rating from duel_ratings");
        const wrong = async () => {
            const lines = await valkey("zrange", "lb:duels:elo", "0", "-1", "withscores");
            const scores = new Map();
            for (let at = 0; at < lines.length; at += 2) {
                scores.set(lines[at], Number(lines[at + 1]));
            }
            return rows.filter(({ user_id: id, rating }) => scores.get(id) !== rating);
        };
        let left = await wrong();
        await until(async () => left.length === 0 || (left = await wrong()).length === 0, PATIENCE_MS, 500);
        if (left.length > 0) {
            this.#wrong("ranking", `${left.length} of ${rows.length} players missing or wrong in lb:duels:elo`);
        }
    }
}
