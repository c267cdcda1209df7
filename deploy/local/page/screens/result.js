// A duel that has ended, as it was stored: both players, the score, what it did to the ratings, and every round
// with its answer, the times and, for who played it, what was typed.

import { h, setAttr, setText, show } from "../dom.js";
import { seconds, signed, t, when } from "../i18n.js";
import { makeBack } from "../parts/back.js";
import { makeCard } from "../parts/person.js";
import { asProblem, makeTold } from "../parts/told.js";
import { nameOf } from "./history.js";

/** Own side left; of other people's duels the first player. */
const leftOf = ({ you }) => you ?? 0;

function titleOf(look) {
    if (look.reason === "abandoned") {
        return t("none");
    }
    if (look.you === null) {
        return t("between", { a: nameOf(look.players[0]), b: nameOf(look.players[1]) });
    }
    return t(look.winner === null ? "draw" : look.winner === look.you ? "win" : "loss");
}

function reasonOf(look) {
    if (look.reason !== "forfeit") {
        return "";
    }
    const loser = 1 - look.winner;
    return loser === look.you
        ? t("youForfeited")
        : t("sideForfeited", { name: nameOf(look.players[loser]) });
}

function guessWords({ text, video, correct }, { answer }, titles) {
    if (video) {
        return correct ? answer.title : (titles.get(video) ?? t("anotherVideo"));
    }
    return text ?? t("tooLong");
}

/** What one side typed in a round. */
function makeTyped(side, name, guesses, round, titles) {
    const item = (guess) =>
        h("li", { "data-correct": guess.correct ? "true" : null }, guessWords(guess, round, titles));
    const none = h("p", { class: "fine" }, t("noneTyped"));
    return h(
        "div",
        { class: `typed ${side}` },
        h("h4", { class: "typed-name" }, name),
        guesses.length > 0 ? h("ol", {}, guesses.map(item)) : none,
    );
}

function makeRound(look, round, titles) {
    const left = leftOf(look);
    const sides = [
        ["you", left],
        ["them", 1 - left],
    ];
    const won = round.winner === null ? "nobody" : round.winner === left ? "you" : "them";
    const time = ([side, slot]) =>
        h(
            "span",
            { class: side, "data-best": String(round.winner === slot) },
            h("span", { class: "unseen" }, `${nameOf(look.players[slot])}: `),
            round.ms[slot] === null ? t("notSolved") : seconds(round.ms[slot]),
        );
    const typed = ([side, slot]) =>
        makeTyped(
            side,
            nameOf(look.players[slot]),
            round.guesses.filter((guess) => guess.slot === slot),
            round,
            titles,
        );
    const all = h(
        "details",
        { class: "typed-box" },
        h("summary", {}, t("guessesOf")),
        round.guesses ? sides.map(typed) : null,
    );
    return h(
        "li",
        { class: "played", "data-won": won },
        h(
            "div",
            { class: "played-head" },
            h("span", { class: "played-number", "aria-hidden": "true" }, round.number),
            h(
                "div",
                { class: "sheet-text" },
                h("h3", { class: "sheet-title" }, round.answer.title),
                h("span", { class: "sheet-channel" }, round.answer.channel),
            ),
            h("div", { class: "sheet-times" }, sides.map(time)),
        ),
        round.guesses ? all : null,
    );
}

function makeSides(look) {
    const left = leftOf(look);
    const side = (kind, slot) => {
        const card = makeCard(kind, slot === look.you ? t("you") : t("player"));
        const player = look.players[slot];
        card.update({ ...player, name: nameOf(player) });
        const rating = look.rating?.[slot];
        const change = rating ? rating.after - rating.before : null;
        const kindOf = change > 0 ? "up" : change < 0 ? "down" : "same";
        const node =
            change === null
                ? null
                : h("span", { class: "elo-change", "data-kind": kindOf }, signed(change));
        card.node.querySelector(".card-facts").append(...(node ? [node] : []));
        return card.node;
    };
    return [side("you", left), side("them", 1 - left)];
}

function makeDuel(app, look) {
    const left = leftOf(look);
    const kind = look.reason === "abandoned" ? "" : t(look.rated ? "rated" : "unrated");
    const facts = [reasonOf(look), look.completedAt ? when(look.completedAt) : "", kind].filter(Boolean);
    const list = h(
        "ol",
        { class: "played-list" },
        look.rounds.map((round) => makeRound(look, round, app.titles)),
    );
    return [
        h("p", { class: "reason" }, facts.join(" · ")),
        h("div", { class: "result-sides" }, makeSides(look)),
        h(
            "p",
            { class: "final-score" },
            h("span", { class: "you" }, look.score[left]),
            h("i", {}, "–"),
            h("span", { class: "them" }, look.score[1 - left]),
        ),
        h("h2", { class: "eyebrow" }, t("rounds")),
        look.rounds.length > 0 ? list : h("p", { class: "fine" }, t("noRounds")),
    ];
}

export function makeResult(app) {
    const title = h("h1", { tabindex: "-1" }, t("loading"));
    const told = makeTold(() => load());
    const body = h("div", { class: "result-body" });
    const node = h(
        "main",
        { class: "lists narrow past" },
        makeBack("#history", t("history")),
        title,
        told.node,
        body,
    );
    const { match } = app.view;

    async function load() {
        told.update(null);
        try {
            const look = await app.lookAt(match);
            setText(title, look.phase === "over" ? titleOf(look) : t("ownDuel"));
            setAttr(node, "data-outcome", look.reason);
            body.replaceChildren(...makeDuel(app, look));
        } catch (error) {
            setText(title, t("resultTitle"));
            told.update(asProblem(error));
        }
        show(body, body.firstChild);
        if (node.isConnected) {
            title.focus({ preventScroll: true });
        }
    }

    load();
    return { node, focus: title, update() {} };
}
