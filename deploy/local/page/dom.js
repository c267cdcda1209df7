// Small tools for the DOM: elements are made once and then changed in place, only where something differs.
// Text goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
    for (const [name, value] of Object.entries(props ?? {})) {
        if (name.startsWith("on")) {
            node.addEventListener(name.slice(2), value);
        } else if (value !== null && value !== undefined && value !== false) {
            node.setAttribute(name, value === true ? "" : value);
        }
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
    return node;
}

/** h("button", {class: "go", onclick: f}, "Text", node …) */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** The same for SVG. */
export const svg = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

export function setText(node, text) {
    const wanted = String(text ?? "");
    if (node.textContent !== wanted) {
        node.textContent = wanted;
    }
}

/** Sets an attribute, or takes it away for null, undefined and false. */
export function setAttr(node, name, value) {
    if (value === null || value === undefined || value === false) {
        if (node.hasAttribute(name)) {
            node.removeAttribute(name);
        }
    } else if (node.getAttribute(name) !== String(value)) {
        node.setAttribute(name, value);
    }
}

export function show(node, visible) {
    if (node.hidden === Boolean(visible)) {
        node.hidden = !visible;
    }
}

/** Keeps the children of `parent` in step with `items`; make(item) → node, update(node, item). */
export function keyed(parent, items, keyOf, make, update) {
    const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
    let before = parent.firstElementChild;
    for (const item of items) {
        const key = String(keyOf(item));
        let node = old.get(key);
        old.delete(key);
        if (!node) {
            node = make(item);
            node.dataset.key = key;
        }
        if (node === before) {
            before = before.nextElementSibling;
        } else {
            parent.insertBefore(node, before);
        }
        update?.(node, item);
    }
    for (const node of old.values()) {
        node.remove();
    }
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Plays a short animation, where motion is welcome. */
export function play(node, keyframes, options) {
    return calm() || !node.animate ? null : node.animate(keyframes, options);
}

/** What a screen reader says next: `urgent` interrupts. */
export function announce(text, urgent = false) {
    const region = document.getElementById(urgent ? "assertive" : "polite");
    region.textContent = "";
    // A region that is emptied and filled in one turn may count as unchanged.
    requestAnimationFrame(() => {
        region.textContent = text;
    });
}
