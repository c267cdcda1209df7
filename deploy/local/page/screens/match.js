// A round: the frame, the field, what was guessed, and above it the score and the clock. Between rounds the
// panel shows the round's result; the field stays under it, so that a phone keeps its keyboard open.

import { announce, h, play, setAttr, setText, show } from "../dom.js";
import { seconds, t } from "../i18n.js";
import { Combobox } from "../parts/combobox.js";
import { makeFrame, makeReel } from "../parts/film.js";
import { makeGuesses } from "../parts/guesses.js";
import { makeNotice } from "../parts/notice.js";
import { makeResult } from "../parts/result.js";
import { makeScoreboard } from "../parts/scoreboard.js";
import { makeLeaveDialog } from "../parts/leave.js";

const SHAKE = [0, -9, 8, -6, 4, 0].map((x) => ({ transform: `translateX(${x}px)` }));
const NEAR = 0.5;
const touch = () => matchMedia("(pointer: coarse)").matches;

/** The bar that empties while a wrong guess locks the field; typing goes on meanwhile. */
function makeLock({ form, input }) {
    const bar = h("i", { class: "lock-bar" });
    const node = h("div", { class: "lock", hidden: true }, bar);
    let until = 0;
    return {
        node,
        locked: (now) => until > now,
        update(lockedUntil, now) {
            const locked = lockedUntil > now;
            show(node, locked);
            setAttr(form, "data-locked", locked);
            setAttr(input, "placeholder", t(locked ? "locked" : "typeTitle"));
            if (locked && lockedUntil !== until) {
                bar.getAnimations().forEach((one) => one.cancel());
                bar.animate([{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }], {
                    duration: lockedUntil - now,
                    fill: "both",
                });
            }
            until = lockedUntil ?? 0;
        },
    };
}

/** What stands in place of the field when there is nothing left to type. */
function makeDone() {
    const what = h("strong", {});
    const more = h("span", {});
    const node = h("div", { class: "done", hidden: true, tabindex: "-1" }, what, more);
    return {
        node,
        update(round, name) {
            const mine = round?.guesses.find(({ verdict }) => verdict?.correct);
            const out = round && !mine && round.guessesLeft === 0;
            show(node, mine || out);
            setAttr(node, "data-kind", mine ? "solved" : "out");
            setText(what, mine ? t("solvedIn", { time: seconds(mine.verdict.ms) }) : t("outTitle"));
            setText(more, mine ? t("solvedWait") : t("outWait", { name }));
            return Boolean(mine || out);
        },
    };
}

class MatchScreen {
    #round = null;
    #ended = 0;

    constructor(app) {
        this.app = app;
        this.scoreboard = makeScoreboard();
        this.reel = makeReel();
        this.notice = makeNotice();
        this.frame = makeFrame(this.notice.node);
        this.done = makeDone();
        this.guesses = makeGuesses(app);
        this.result = makeResult(app);
        this.leave = makeLeaveDialog(app);
        this.combobox = new Combobox({
            suggest: (q) => app.suggest(q),
            send: (answer, item) => this.#send(answer, item),
        });
        this.lock = makeLock(this.combobox);
        this.#build();
    }

    #build() {
        const { form, list, empty } = this.combobox;
        form.append(this.lock.node);
        const shelf = h("div", { class: "shelf" }, this.guesses.node, list, empty);
        form.addEventListener("opened", ({ detail }) => shelf.classList.toggle("searching", detail));
        const foot = h(
            "div",
            { class: "panel-foot" },
            h("span", { class: "keys-hint" }, t("keysHint")),
            h("button", { type: "button", class: "quiet", onclick: () => this.leave.open() }, t("leave")),
        );
        this.title = h("h1", { class: "unseen", tabindex: "-1" });
        this.panel = h(
            "section",
            { class: "panel" },
            h("div", { class: "panel-ask" }, form, this.done.node),
            shelf,
            foot,
            this.result.node,
        );
        this.node = h(
            "main",
            { class: "match" },
            this.title,
            this.scoreboard.node,
            h("div", { class: "stage" }, this.reel.node, this.frame.node),
            this.panel,
            this.leave.node,
        );
        this.keys = (event) => {
            if (event.key === "/" && !event.target.closest?.("input, dialog") && !form.hidden) {
                event.preventDefault();
                this.combobox.input.focus();
            }
        };
        document.addEventListener("keydown", this.keys);
    }

    destroy() {
        document.removeEventListener("keydown", this.keys);
    }

    get focus() {
        // A field that takes the focus opens the keyboard of a phone, over a frame not yet looked at.
        return touch() ? this.title : this.combobox.input;
    }

    update() {
        const { match } = this.app.state;
        const them = match.players[1 - match.you];
        const round = match.phase === "round" ? match.round : null;
        const shown = match.round;
        this.#startRound(round);
        setText(this.title, t("roundOf", { n: shown?.number ?? 1, total: match.rules.bestOf }));
        this.reel.update(match);
        this.frame.update(shown, shown?.number ?? match.rounds.length, match.rules.bestOf);
        this.guesses.update(shown, match.rules);
        const done = this.done.update(round, them.name);
        const hadFocus = this.combobox.form.contains(document.activeElement);
        show(this.combobox.form, !done);
        if (done && hadFocus && !touch()) {
            this.done.node.focus();
        }
        this.#endRound(match);
        this.tick(Date.now());
    }

    tick(now) {
        const { match } = this.app.state;
        const round = match.phase === "round" ? match.round : null;
        const left = this.scoreboard.update(match, now);
        if (left === 5 && this.said !== round?.number) {
            this.said = round?.number;
            announce(t("secondsLeft", { n: 5 }));
        }
        this.node.classList.toggle("last", left !== null && left > 0 && left <= 5);
        this.lock.update(round?.lockedUntil ?? null, now);
        this.result.tick(now);
        const words = this.notice.update(this.app.state, now);
        if (words?.what !== this.noticed) {
            this.noticed = words?.what;
            if (words) {
                announce(words.what, true);
            }
        }
    }

    #startRound(round) {
        if (round && round.number !== this.#round) {
            const first = this.#round === null;
            this.#round = round.number;
            this.combobox.clear();
            if (!first && !touch()) {
                show(this.combobox.form, true);
                this.combobox.input.focus();
            }
            announce(t("roundOf", { n: round.number, total: this.app.state.match.rules.bestOf }));
        }
    }

    #endRound(match) {
        const end = match.phase === "round" ? null : match.rounds.at(-1);
        this.result.update(end, match);
        setAttr(this.node, "data-won", end ? this.#whose(end, match) : null);
        if (end && end.number !== this.#ended) {
            this.#ended = end.number;
            this.combobox.close();
            announce(this.result.words(end, match), true);
        }
    }

    #whose(end, match) {
        return end.winner === null ? "nobody" : end.winner === match.you ? "you" : "them";
    }

    /** True when it was taken; the verdict comes later. */
    #send(answer, item) {
        const { match, connection } = this.app.state;
        const now = Date.now();
        if (match.phase !== "round" || match.round.solved || match.round.guessesLeft === 0) {
            return false;
        }
        if (this.lock.locked(now) || connection !== "online") {
            play(this.combobox.form, SHAKE, { duration: 240 });
            return false;
        }
        this.#judge(answer, item);
        return true;
    }

    async #judge(answer, item) {
        const verdict = await this.app.guess(answer, item);
        const input = this.combobox.input;
        if (verdict?.correct) {
            announce(t("solvedIn", { time: seconds(verdict.ms) }));
            return;
        }
        play(this.combobox.form, SHAKE, { duration: 320, easing: "ease-out" });
        if (verdict) {
            announce(this.guesses.words(verdict, item));
        }
        // What was nearly right can be mended; the rest is in the way, unless typing went on meanwhile.
        const untouched = input.value.trim() === (item?.title ?? answer.text);
        if (untouched && !(verdict?.similarity >= NEAR)) {
            input.value = "";
        }
    }
}

export const makeMatch = (app) => new MatchScreen(app);
