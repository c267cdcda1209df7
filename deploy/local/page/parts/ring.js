// The timer of a round: a ring that runs out by one animation, and whole seconds in its middle. Nothing is
// drawn per frame by script.

import { h, setAttr, setText, svg } from "../dom.js";

const RADIUS = 27;
const AROUND = 2 * Math.PI * RADIUS;
const LAST_MS = 5000;

export function makeRing() {
    const circle = (className) => svg("circle", { cx: 32, cy: 32, r: RADIUS, class: className });
    const hand = circle("ring-hand");
    hand.style.strokeDasharray = `${AROUND}`;
    const number = h("span", { class: "ring-number" });
    const node = h(
        "div",
        { class: "ring", role: "timer" },
        svg("svg", { viewBox: "0 0 64 64", "aria-hidden": "true" }, circle("ring-track"), hand),
        number,
    );
    let running = null;
    let key = "";

    function run(startsAt, endsAt, now) {
        running?.cancel();
        running = hand.animate([{ strokeDashoffset: 0 }, { strokeDashoffset: AROUND }], {
            duration: Math.max(1, endsAt - startsAt),
            fill: "both",
        });
        running.currentTime = Math.max(0, now - startsAt);
    }

    return {
        node,
        /** Follows a round; null stops it where it is. Returns the whole seconds left. */
        update(round, now) {
            if (!round) {
                // It stays where the round ended; the last second of a round that ran out is over too.
                if (key && number.textContent === "1") {
                    setText(number, 0);
                }
                running?.pause();
                key = "";
                node.classList.remove("last");
                return null;
            }
            const wanted = `${round.startsAt}-${round.endsAt}`;
            if (wanted !== key) {
                key = wanted;
                run(round.startsAt, round.endsAt, now);
            }
            const left = Math.max(0, round.endsAt - Math.max(now, round.startsAt));
            const whole = Math.ceil(left / 1000);
            setText(number, whole);
            setAttr(node, "aria-label", `${whole} s`);
            node.classList.toggle("last", left > 0 && left <= LAST_MS);
            return whole;
        },
    };
}
