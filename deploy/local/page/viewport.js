// Follows the part of the window that can be seen: an on-screen keyboard makes it smaller, and the match
// screen is laid out in what is left.

export function followViewport() {
    const view = window.visualViewport;
    if (!view) {
        return;
    }
    const root = document.documentElement.style;
    const follow = () => {
        root.setProperty("--view-height", `${Math.round(view.height)}px`);
        root.setProperty("--view-top", `${Math.round(view.offsetTop)}px`);
    };
    view.addEventListener("resize", follow);
    view.addEventListener("scroll", follow);
    follow();
}
