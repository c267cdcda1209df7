// The end of a duel: who won, what it did to the rating, all frames with their answers on one contact
// sheet, a text to share, and what to do next.

import { announce, calm, h, keyed, play, setAttr, setText, show } from "../dom.js";
import { seconds, signed, t } from "../i18n.js";
import { makeRematch } from "../parts/rematch.js";
import { makeShare } from "../parts/share.js";

const COUNT_MS = 1100;

function reasonText(end, them) {
    if (end.outcome === "none") {
        return t("abandoned");
    }
    if (end.reason === "forfeit") {
        return end.outcome === "win" ? t("theyForfeited", { name: them.name }) : t("youForfeited");
    }
    return t("byScore", { name: them.name });
}

/** The series with this match in it, own side first; null: there is none yet. */
function seriesOf({ series, you, end }) {
    const a = series[you] + (end.outcome === "win" ? 1 : 0);
    const b = series[1 - you] + (end.outcome === "loss" ? 1 : 0);
    return series[0] + series[1] > 0 ? { a, b } : null;
}

/** Counts a number up or down to its new value once. */
function countTo(node, from, to) {
    if (calm() || from === to) {
        setText(node, to);
        return;
    }
    const start = performance.now();
    const step = (now) => {
        const part = Math.min(1, (now - start) / COUNT_MS);
        setText(node, Math.round(from + (to - from) * (1 - (1 - part) ** 3)));
        if (part < 1) {
            requestAnimationFrame(step);
        }
    };
    requestAnimationFrame(step);
}

function makeRating() {
    const value = h("span", { class: "elo-value" });
    const change = h("span", { class: "elo-change" });
    const node = h(
        "div",
        { class: "elo" },
        h("span", { class: "eyebrow" }, t("rating")),
        h("div", { class: "elo-line" }, value, change),
    );
    let counted = null;
    return {
        node,
        update(match) {
            const { end, rated, you, players } = match;
            show(node, end.outcome !== "none");
            if (!end.rating) {
                setText(value, players[you].rating);
                setText(change, rated ? t("ratingSettling") : t("ratingUnrated"));
                setAttr(change, "data-kind", "wait");
                return;
            }
            const { before, after } = end.rating;
            setText(change, signed(after - before));
            setAttr(change, "data-kind", after > before ? "up" : after < before ? "down" : "same");
            if (counted !== after) {
                counted = after;
                countTo(value, before, after);
                play(
                    change,
                    [
                        { transform: "translateY(8px)", opacity: 0 },
                        { transform: "none", opacity: 1 },
                    ],
                    {
                        duration: 400,
                        delay: 200,
                        fill: "backwards",
                    },
                );
            }
        },
    };
}

/** The contact sheet: a small frame, the answer and both times for each round. */
function makeSheet(app) {
    const list = h("ol", { class: "sheet" });
    const make = () =>
        h(
            "li",
            { class: "sheet-row" },
            h("div", { class: "sheet-frame" }, h("img", { alt: "", hidden: true })),
            h(
                "div",
                { class: "sheet-text" },
                h("span", { class: "sheet-title" }),
                h("span", { class: "sheet-channel" }),
            ),
            h(
                "div",
                { class: "sheet-times" },
                h("span", { class: "you" }),
                h("span", { class: "them" }),
            ),
        );
    const time = (node, ms, best) => {
        setText(node, ms === null ? "—" : seconds(ms));
        setAttr(node, "role", ms === null ? "img" : null);
        setAttr(node, "aria-label", ms === null ? t("notSolved") : null);
        setAttr(node, "data-best", best);
    };
    const names = [h("span", { class: "you" }), h("span", { class: "them" })];
    const legend = h("p", { class: "sheet-legend" }, names);
    const head = h("div", { class: "sheet-head" }, h("h2", { class: "eyebrow" }, t("rounds")), legend);
    return {
        node: h("section", { class: "sheet-box" }, head, list),
        update(match) {
            const them = 1 - match.you;
            setText(names[0], match.players[match.you].name);
            setText(names[1], match.players[them].name);
            keyed(
                list,
                match.rounds,
                ({ number }) => number,
                make,
                (row, end) => {
                    const [frame, text, times] = row.children;
                    const url = app.frames.get(end.number);
                    show(frame.firstChild, url);
                    setAttr(frame.firstChild, "src", url);
                    setText(text.children[0], end.answer.title);
                    setText(text.children[1], end.answer.channel);
                    time(times.children[0], end.ms[match.you], end.winner === match.you);
                    time(times.children[1], end.ms[them], end.winner === them);
                    const won =
                        end.winner === null ? "nobody" : end.winner === match.you ? "you" : "them";
                    setAttr(row, "data-won", won);
                },
            );
            show(this.node, match.rounds.length > 0);
        },
    };
}

export function makeSummary(app) {
    const title = h("h1", { tabindex: "-1", class: "verdict" });
    const reason = h("p", { class: "reason" });
    const score = h(
        "p",
        { class: "final-score" },
        h("span", { class: "you" }),
        h("i", {}, "–"),
        h("span", { class: "them" }),
    );
    const rating = makeRating();
    const average = h("span", { class: "elo-value" });
    const averageBox = h(
        "div",
        { class: "elo" },
        h("span", { class: "eyebrow" }, t("average")),
        average,
    );
    const points = h("span", { class: "elo-value" });
    const pointsBox = h("div", { class: "elo" }, h("span", { class: "eyebrow" }, t("points")), points);
    const sheet = makeSheet(app);
    const share = makeShare();
    const series = h("p", { class: "series", hidden: true });
    const rematch = makeRematch(app);
    const again = h("button", { type: "button", onclick: () => app.search() });
    const home = h(
        "button",
        { type: "button", class: "second", onclick: () => app.goHome() },
        t("home"),
    );
    const node = h(
        "main",
        { class: "summary" },
        h("div", { class: "summary-head" }, title, score, reason, series),
        h(
            "div",
            { class: "summary-side" },
            h("div", { class: "figures" }, rating.node, averageBox, pointsBox),
            rematch.node,
            h("div", { class: "actions" }, again, home),
        ),
        sheet.node,
        share.node,
    );
    let told = false;

    /** The one big button is the rematch, or another opponent where none is to be had. */
    function drawActions() {
        const { stage, lostFocus } = rematch.update();
        const isMain = stage === "none" || stage === "over";
        setAttr(again, "class", isMain ? "first" : "second");
        setText(again, t(stage === "none" ? "again" : "another"));
        if (lostFocus) {
            (stage === "waiting" ? rematch.second : stage === "offer" ? rematch.first : again).focus();
        }
        return isMain ? again : rematch.first;
    }

    return {
        node,
        get focus() {
            return drawActions();
        },
        destroy: rematch.stop,
        tick: rematch.tick,
        update() {
            const { match } = app.state;
            const { end } = match;
            const them = match.players[1 - match.you];
            setAttr(node, "data-outcome", end.outcome);
            setText(title, t(end.outcome));
            setText(reason, reasonText(end, them));
            setText(score.children[0], end.score[match.you]);
            setText(score.children[2], end.score[1 - match.you]);
            show(score, end.outcome !== "none");
            rating.update(match);
            show(pointsBox, end.outcome !== "none");
            setText(points, end.points[match.you]);
            show(averageBox, end.avgMs !== null);
            setText(average, end.avgMs === null ? "" : seconds(end.avgMs));
            sheet.update(match);
            share.update(end.outcome === "none" ? "" : end.share);
            const row = seriesOf(match);
            show(series, row);
            setText(series, row ? t("series", row) : "");
            drawActions();
            if (!told) {
                told = true;
                const more = row ? ` ${t("series", row)}.` : "";
                announce(`${t(end.outcome)}. ${reasonText(end, them)}.${more}`, true);
            }
        },
    };
}
