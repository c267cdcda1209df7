// A player as a face: monogram or picture inside viewfinder corners, name, country, rating.

import { h, setAttr, setText, show } from "../dom.js";
import { countryName } from "../i18n.js";

const initials = (name) =>
    name
        .split(/\s+/u)
        .map((word) => [...word][0] ?? "")
        .slice(0, 2)
        .join("")
        .toLocaleUpperCase();

/** A square with the monogram; a picture that loads takes its place. */
export function makeAvatar() {
    const letters = h("span", { class: "avatar-letters", "aria-hidden": "true" });
    const image = h("img", {
        alt: "",
        hidden: true,
        onload: () => show(image, true),
        onerror: () => show(image, false),
    });
    const node = h("span", { class: "avatar corners" }, letters, image);
    return {
        node,
        update({ name, avatar }) {
            setText(letters, initials(name));
            const safe = avatar?.startsWith("https://") ? avatar : null;
            if (image.getAttribute("src") !== safe) {
                show(image, false);
                setAttr(image, "src", safe);
            }
        },
    };
}

/** BR, with the country's name for whoever asks. */
export function makeCountry() {
    const node = h("span", { class: "country", role: "img" });
    return {
        node,
        update(code) {
            show(node, code);
            setText(node, code);
            setAttr(node, "aria-label", code ? countryName(code) : null);
            setAttr(node, "title", code ? countryName(code) : null);
        },
    };
}

/** The big card of the found-screen. `side` is "you" or "them". */
export function makeCard(side, label) {
    const avatar = makeAvatar();
    const country = makeCountry();
    const name = h("span", { class: "card-name" });
    const rating = h("span", { class: "card-rating" });
    const node = h(
        "div",
        { class: `card ${side}` },
        avatar.node,
        h(
            "div",
            { class: "card-text" },
            h("span", { class: "eyebrow" }, label),
            name,
            h("span", { class: "card-facts" }, country.node, rating),
        ),
    );
    return {
        node,
        update(player) {
            avatar.update(player);
            country.update(player.country);
            setText(name, player.name);
            setText(rating, player.rating);
        },
    };
}
