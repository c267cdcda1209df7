// Film: the strip in which the round's frame stands, and the row of small frames that is the match so far.

import { tell } from "@framedle/duel/texts.js";
import { h, keyed, play, setAttr, setText, show } from "../dom.js";
import { language, t } from "../i18n.js";

/** A strip with sprocket holes above and below; `print` is the lettering on its edge. */
function makeStrip(className, ...inside) {
    const print = h("span", { class: "film-print", "aria-hidden": "true" });
    const node = h(
        "div",
        { class: `film ${className}` },
        h("div", { class: "film-edge" }, print),
        h("div", { class: "film-gate" }, inside),
        h("div", { class: "film-edge" }),
    );
    return { node, print };
}

function failedText(problem) {
    const { what, todo } = tell(problem, language().tag);
    return `${what} ${todo}`;
}

/** The frame to guess: dark until its picture is there, then a short flash, as an exposure. */
export function makeFrame(...over) {
    const image = h("img", { class: "frame-image", alt: t("frameAlt"), draggable: "false", hidden: true });
    const wait = h("p", { class: "frame-wait" }, t("developing"));
    const flash = h("div", { class: "frame-flash", "aria-hidden": "true" });
    const { node, print } = makeStrip("frame", wait, image, flash, over);
    let shown = null;
    return {
        node,
        update(round, number, total) {
            const url = round?.picture?.url ?? null;
            const problem = round?.pictureProblem;
            setText(wait, problem ? failedText(problem) : t("developing"));
            setText(print, `FRAMEDLE 400D  ▸ ${number}  ▸ ${number}A   ${number}/${total}`);
            if (url === shown) {
                return;
            }
            shown = url;
            show(wait, !url);
            show(image, url);
            setAttr(image, "src", url);
            if (url) {
                play(flash, [{ opacity: 0.85 }, { opacity: 0 }], { duration: 420, easing: "ease-out" });
            }
        },
    };
}

/** One small frame for each round that can be: "you", "them" or "nobody" won it, "now", or still blank. */
export function makeReel() {
    const node = h("div", { class: "reel", role: "img" });
    return {
        node,
        update(match) {
            const running = match.phase === "round" ? match.round?.number : null;
            const cells = Array.from({ length: match.rules.bestOf }, (_, at) => {
                const end = match.rounds.find(({ number }) => number === at + 1);
                const won =
                    end && (end.winner === null ? "nobody" : end.winner === match.you ? "you" : "them");
                return { at, state: won ?? (running === at + 1 ? "now" : "blank") };
            });
            const make = () => h("i", { class: "reel-cell" });
            keyed(
                node,
                cells,
                ({ at }) => at,
                make,
                (cell, { state }) => setAttr(cell, "data-state", state),
            );
            const n = running ?? Math.max(1, match.rounds.length);
            setAttr(node, "aria-label", t("roundOf", { n, total: match.rules.bestOf }));
        },
    };
}
