// The way back to the start from a screen around the duels.

import { h } from "../dom.js";
import { t } from "../i18n.js";

export const makeBack = (to = "#", words = t("goBackTo")) =>
    h("a", { class: "quiet back", href: to }, h("span", { "aria-hidden": "true" }, "← "), words);
