// Search as you type: a text field with a list of suggestions, after the ARIA combobox pattern (list
// autocomplete, no option chosen by itself, focus stays in the field).
//
// Enter sends the option that the arrows reached, else the text as typed; Escape closes the list, then
// empties the field; a tap on an option sends it. What comes of it is the owner's business.

import { h, keyed, setAttr, setText, show } from "../dom.js";
import { t } from "../i18n.js";

const TEXT_MAX = 120;
const SEARCH_FROM = 2;

let serial = 0;

function makeOption(id) {
    const node = h(
        "li",
        { role: "option", id, class: "option" },
        h("span", { class: "option-title" }),
        h("span", { class: "option-channel" }),
    );
    return node;
}

export class Combobox {
    #items = [];
    #active = -1;
    #asked = "";

    /** suggest(q) → a promise of items or null; send({video}|{text}, item|null) → whether it was taken. */
    constructor({ suggest, send }) {
        this.suggest = suggest;
        this.send = send;
        this.id = `combobox${serial++}`;
        this.input = h("input", {
            id: this.id,
            type: "text",
            role: "combobox",
            class: "ask-input",
            maxlength: TEXT_MAX,
            autocomplete: "off",
            autocapitalize: "off",
            spellcheck: "false",
            enterkeyhint: "send",
            placeholder: t("typeTitle"),
            "aria-expanded": "false",
            "aria-controls": `${this.id}-list`,
            "aria-autocomplete": "list",
            "aria-label": t("whatVideo"),
            oninput: () => this.#typed(),
            onkeydown: (event) => this.#key(event),
            onblur: () => this.close(),
        });
        this.list = h("ul", {
            id: `${this.id}-list`,
            role: "listbox",
            class: "options",
            "aria-label": t("suggestions"),
            hidden: true,
            // The field keeps the focus, and a phone its keyboard, while the list is touched.
            onpointerdown: (event) => event.preventDefault(),
            onclick: (event) => this.#clicked(event),
        });
        this.empty = h("p", { class: "options-empty", hidden: true }, t("noSuggestions"));
        this.form = h(
            "form",
            { class: "ask", onsubmit: (event) => this.#submit(event) },
            this.input,
            h(
                "button",
                {
                    class: "ask-go",
                    type: "submit",
                    "aria-label": t("guess"),
                    onpointerdown: (event) => event.preventDefault(),
                },
                h("span", { "aria-hidden": "true" }, "↵"),
            ),
        );
    }

    get open() {
        return !this.list.hidden || !this.empty.hidden;
    }

    clear() {
        this.input.value = "";
        this.close();
    }

    close() {
        this.#asked = "";
        this.#show(null);
    }

    #show(items) {
        // What the arrows reached stays reached when more letters bring another list.
        const active = this.#items[this.#active]?.video;
        this.#items = items ?? [];
        this.#active = this.#items.findIndex(({ video }) => video === active);
        keyed(
            this.list,
            this.#items.map((item, at) => ({ ...item, at })),
            ({ video }) => video,
            ({ at }) => makeOption(`${this.id}-${at}`),
            (node, { at, title, channel }) => {
                node.id = `${this.id}-${at}`;
                setText(node.children[0], title);
                setText(node.children[1], channel);
            },
        );
        show(this.list, this.#items.length > 0);
        show(this.empty, items?.length === 0);
        setAttr(this.input, "aria-expanded", this.#items.length > 0 ? "true" : "false");
        this.#mark();
        this.list.scrollTop = 0;
        this.form.dispatchEvent(new CustomEvent("opened", { detail: this.open }));
    }

    #mark() {
        [...this.list.children].forEach((node, at) => {
            setAttr(node, "aria-selected", at === this.#active ? "true" : "false");
        });
        const node = this.list.children[this.#active];
        setAttr(this.input, "aria-activedescendant", node?.id);
        node?.scrollIntoView({ block: "nearest" });
    }

    async #typed() {
        const q = this.input.value.trim();
        this.#asked = q;
        if ([...q].length < SEARCH_FROM) {
            this.#show(null);
            return;
        }
        const items = await this.suggest(q).catch(() => null);
        if (items && this.#asked === q && document.activeElement === this.input) {
            this.#show(items);
        }
    }

    #key(event) {
        const count = this.#items.length;
        if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.isComposing) {
            event.preventDefault();
            if (count === 0) {
                this.#typed();
                return;
            }
            const step = event.key === "ArrowDown" ? 1 : -1;
            // One place more than options: the field itself.
            this.#active = ((this.#active + 1 + step + count + 1) % (count + 1)) - 1;
            this.#mark();
        } else if (event.key === "Escape") {
            event.preventDefault();
            if (this.open) {
                this.close();
            } else {
                this.clear();
            }
        }
    }

    #clicked(event) {
        const option = event.target.closest("[role=option]");
        const at = [...this.list.children].indexOf(option);
        if (at >= 0) {
            this.#sendItem(this.#items[at]);
        }
    }

    #submit(event) {
        event.preventDefault();
        const item = this.#items[this.#active];
        const text = this.input.value.trim();
        if (item) {
            this.#sendItem(item);
        } else if (text && this.send({ text }, null)) {
            this.close();
        }
    }

    #sendItem(item) {
        if (this.send({ video: item.video }, item)) {
            this.input.value = item.title;
            this.close();
        }
    }
}
