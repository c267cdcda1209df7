// The guesses of one player in a round as a row of small lights.

import { h, keyed, setAttr } from "../dom.js";

export function makePips(side) {
    const node = h("div", { class: `pips ${side}`, role: "img" });
    return {
        node,
        /** `states`: one word for each guess ("wrong", "right", "used", "sent"); `label` says it in words. */
        update(states, total, label) {
            const all = Array.from({ length: total }, (_, at) => ({ at, state: states[at] ?? "" }));
            const make = () => h("i", { class: "pip" });
            keyed(
                node,
                all,
                ({ at }) => at,
                make,
                (pip, { state }) => setAttr(pip, "data-state", state),
            );
            setAttr(node, "aria-label", label);
        },
    };
}
