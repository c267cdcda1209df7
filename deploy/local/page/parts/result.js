// What a round came to: whose it was, what the video is, both times. Lies over the panel.

import { h, play, setAttr, setText, show } from "../dom.js";
import { seconds, t } from "../i18n.js";

const kindOf = (end, match) => (end.winner === null ? "nobody" : end.winner === match.you ? "you" : "them");

function headline(end, match) {
    const kind = kindOf(end, match);
    if (kind === "you") {
        return t("roundWon");
    }
    return kind === "them" ? t("roundLost", { name: match.players[end.winner].name }) : t("roundNobody");
}

const timeText = (ms) => (ms === null ? t("notSolved") : seconds(ms));

function makeTime(side) {
    const name = h("span", { class: "time-name" });
    const value = h("span", { class: "time-value" });
    const node = h("div", { class: `time ${side}` }, name, value);
    return {
        node,
        update(player, ms, best) {
            setText(name, player.name);
            setText(value, timeText(ms));
            setAttr(node, "data-best", best);
            setAttr(node, "data-none", ms === null);
        },
    };
}

export function makeResult(app) {
    const title = h("p", { class: "result-title" });
    const eyebrow = h("p", { class: "eyebrow" }, t("theAnswer"));
    const answer = h("p", { class: "result-answer" });
    const channel = h("p", { class: "result-channel" });
    const you = makeTime("you");
    const them = makeTime("them");
    const next = h("p", { class: "result-next" });
    const see = h(
        "button",
        { type: "button", class: "first", onclick: () => app.showSummary() },
        t("seeResult"),
    );
    const node = h(
        "div",
        { class: "result", hidden: true },
        title,
        h("div", { class: "result-video" }, eyebrow, answer, channel),
        h("div", { class: "result-times" }, you.node, them.node),
        h("div", { class: "result-foot" }, next, see),
    );
    let shown = null;

    return {
        node,
        update(end, match) {
            show(node, end);
            if (!end) {
                shown = null;
                return;
            }
            const mine = match.you;
            setAttr(node, "data-won", kindOf(end, match));
            setText(title, headline(end, match));
            setText(answer, end.answer.title);
            setText(channel, end.answer.channel);
            you.update(match.players[mine], end.ms[mine], end.winner === mine);
            them.update(match.players[1 - mine], end.ms[1 - mine], end.winner === 1 - mine);
            show(see, match.phase === "over");
            this.nextAt = match.phase === "over" ? null : end.nextAt;
            if (shown !== end.number) {
                shown = end.number;
                const rise = [
                    { transform: "translateY(14px)", opacity: 0 },
                    { transform: "none", opacity: 1 },
                ];
                play(node, rise, { duration: 280, easing: "cubic-bezier(.2,.8,.3,1)" });
            }
        },
        tick(now) {
            show(next, this.nextAt);
            if (this.nextAt) {
                setText(next, t("nextIn", { n: Math.max(0, Math.ceil((this.nextAt - now) / 1000)) }));
            }
        },
        /** The same as one sentence, for who does not see it. */
        words(end, match) {
            const [a, b] = match.you === 0 ? end.score : [end.score[1], end.score[0]];
            const answer = `${t("theAnswer")}: ${end.answer.title}.`;
            return `${headline(end, match)}. ${answer} ${t("scoreSay", { a, b })}`;
        },
    };
}
