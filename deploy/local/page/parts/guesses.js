// What was guessed in this round, newest first, and how near each came.

import { h, keyed, setAttr, setText, show } from "../dom.js";
import { t } from "../i18n.js";

const STEPS = [0, 0.5, 0.7, 0.8];

/** How near a wrong guess came: 0 … 3, or null for one that was picked from the list. */
export const nearness = ({ similarity }) => STEPS.findLastIndex((step) => similarity >= step);

/** wrong, right, sent */
export const guessState = ({ verdict }) =>
    verdict === null ? "sent" : verdict.correct ? "right" : "wrong";

const leftText = (n) => (n === 1 ? t("guessLeft") : t("guessesLeft", { n }));

export function makeGuesses(app) {
    const list = h("ol", { class: "guess-list", reversed: true });
    const empty = h("p", { class: "guess-empty" }, t("noGuesses"));
    const left = h("span", { class: "guess-left" });
    const head = h("div", { class: "guess-head" }, h("h2", { class: "eyebrow" }, t("guesses")), left);
    // It scrolls when it is long, so the keyboard has to reach it.
    const node = h(
        "div",
        { class: "guesses", role: "group", tabindex: "0", "aria-label": t("guesses") },
        head,
        list,
        empty,
    );

    const make = () =>
        h(
            "li",
            { class: "guess" },
            h("span", { class: "guess-title" }),
            h(
                "span",
                { class: "guess-heat", "aria-hidden": "true" },
                h("i", {}),
                h("i", {}),
                h("i", {}),
                h("i", {}),
            ),
            h("span", { class: "guess-hint" }),
        );

    function hint(guess) {
        if (!guess.verdict) {
            return t("sending");
        }
        if (guess.verdict.correct) {
            return t("correct");
        }
        return guess.video ? t("notThis") : t(`near${nearness(guess.verdict)}`);
    }

    function update(item, guess) {
        const [title, heat, words] = item.children;
        const said = guess.text ?? app.titles.get(guess.video) ?? t("guessNumber", { n: guess.place });
        setText(title, said);
        setText(words, hint(guess));
        setAttr(item, "data-state", guessState(guess));
        show(heat, guess.verdict && !guess.verdict.correct && !guess.video);
        setAttr(heat, "data-near", guess.verdict ? nearness(guess.verdict) : null);
    }

    return {
        node,
        update(round, rules) {
            const guesses = (round?.guesses ?? []).map((guess, at) => ({ ...guess, place: at + 1 }));
            const key = ({ seq }) => `${round.number}-${seq}`;
            keyed(list, guesses.reverse(), key, make, update);
            show(empty, guesses.length === 0);
            setText(left, leftText(round?.guessesLeft ?? rules.maxGuesses));
        },
        /** A wrong verdict as a sentence; `item` is what was picked from the list, or null. */
        words(verdict, item) {
            const how = item ? t("notThis") : t(`near${nearness(verdict)}`);
            return t("wrongSay", { how, left: leftText(verdict.guessesLeft) });
        },
    };
}
