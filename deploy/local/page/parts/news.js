// What operators tell all players, over every screen. The frame around it speaks the player's language; the
// text is shown as it came.

import { h, setText, show } from "../dom.js";
import { t } from "../i18n.js";

export function makeNews() {
    const label = h("strong", {});
    const what = h("span", { dir: "auto" });
    const node = h("aside", { class: "news", hidden: true, role: "status" }, label, what);
    return {
        node,
        update({ notice }, now) {
            const stands = notice && (notice.until === null || now < notice.until);
            show(node, stands);
            setText(label, t("news"));
            setText(what, stands ? notice.message : "");
        },
    };
}
