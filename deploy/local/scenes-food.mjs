// Sample scenes of food: (day, t) → SVG, t = 0, 1, 2 being how far the video has got. A scene hints at its
// title, later frames more, and never holds its words.

import {
    DUSK, HEIGHT, NOON, SHIRTS, WIDTH, cat, chance, circle, cloud, eyes, field, flame, ground, hills, house,
    line, move, oval, pane, peaks, person, rect, road, room, shape, sky, smile, star, steam, sun, table,
    times, tree, turn, when,
} from "./drawing.mjs";

const granny = (x, y, s, arms) =>
    person(
        x, y, s, "#b56576", arms,
        circle(0, -70, 9, "#dfe3ea") +
            shape("M-13 -52 a13 13 0 0 1 26 0 q-6 -7 -13 -6 q-8 -1 -13 6 z", "#dfe3ea") +
            line("M-9 -51 a4.5 4.5 0 1 0 9 0 a4.5 4.5 0 1 0 9 0", "#5c677d", 1.4) +
            shape("M-9 -30 h18 l5 34 h-28 z", "#fff"),
    );

export function sweets(day, t) {
    const ball = (x, y) =>
        oval(x, y + 15, 24, 8, "#e9c46a") +
        circle(x, y, 20, "#4a2a1b") +
        times(9, (i) =>
                turn(x - 10 + (i % 3) * 10, y - 10 + Math.floor(i / 3) * 9, i * 47,
                    rect(-3, -1, 6, 2.5, ["#8a5a3c", "#d08c60", "#f4e3cf"][i % 3])),
        );
    return (
        room("#f7d9c4", "#a9714b") +
        pane(60, 34, 130, 100) +
        rect(430, 60, 150, 10, "#a9714b") +
        times(4, (i) => rect(440 + i * 36, 32, 24, 28, ["#e76f51", "#2a9d8f", "#e9c46a", "#f4a261"][i],
            'rx="4"')) +
        granny(500, 232, 2, t === 2 ? "up" : "left") +
        rect(40, 238, 560, 30, "#7c4a2d", 'rx="6"') +
        move(110, 226, 1, rect(-40, -36, 80, 48, "#fdf6e3"),
            line("M-28 -24 h50 M-28 -12 h40 M-28 0 h54", "#b8a98a", 3),
            rect(14, -14, 24, 20, "#d4a017", 'rx="4"'), line("M18 -14 v-8 q8 -10 16 0 v8", "#8c6a0f", 4)) +
        (t === 0
                ? shape("M250 150 h150 l-14 84 h-122 z", "#7d8597") + oval(325, 150, 75, 15, "#4a2a1b") +
                line("M360 146 L430 120", "#c58c54", 9) + steam(300, 130)
                : oval(310, 240, 170, 16, "#fff") +
                times(t === 1 ? 5 : 9, (i) => ball(190 + (i % 5) * 60 + (i > 4 ? 30 : 0), i > 4 ? 182 : 216)))
    );
}

export function trainNoodles(day, t) {
    return (
        rect(0, 0, WIDTH, HEIGHT, "#6d4c41") +
        `<svg x="60" y="30" width="520" height="170" viewBox="${t * 70} 60 500 ` +
        `220">${sky(day)}${peaks(day)}` +
        `${ground(day)}${times(8, (i) => rect(i * 90 + t * 30, 190, 7, 100, "#5d4037"))}` +
        `${line("M0 206 H640", "#5d4037", 3)}</svg>` +
        rect(60, 30, 520, 170, "none", 'stroke="#d7ccc8" stroke-width="14" rx="22"') +
        rect(0, 250, WIDTH, 110, "#a1887f") +
        rect(0, 246, WIDTH, 10, "#d7ccc8") +
        line("M0 12 H640", "#d7ccc8", 5) +
        times(6, (i) => line(`M${70 + i * 100} 12 v26`, "#d7ccc8", 3) +
                circle(70 + i * 100, 48, 11, "none", 'stroke="#ffd166" stroke-width="5"')) +
        when(t > 0, rect(80, 268, 130, 16, "#333"), rect(110, 256, 70, 12, "#222"), flame(145, 262, 0.6)) +
        shape("M230 226 h190 q-6 84 -60 92 h-70 q-54 -8 -60 -92 z", "#e63946") +
        oval(325, 226, 95, 20, "#ffe8b3") +
        times(7, (i) => line(`M${255 + i * 22} 226 q8 -${12 + (i % 3) * 5} 16 0`, "#f2b84b", 5)) +
        when(t === 2,
            times(5, (i) => line(`M${352 + i * 6} 222 Q${360 + i * 8} 170 ${402 + i * 4} 160`, "#f2b84b",
                4))) +
        line("M350 224 L470 110 M368 226 L490 126", "#3e2723", 6) +
        circle(290, 222, 14, "#fff") +
        circle(290, 222, 7, "#ffb703") +
        steam(280, 196, 3, 30)
    );
}

export function cheeseBread(day, t) {
    const r = [70, 96, 124][t];
    const car = move(
        120, 300, 1.15, shape("M-84 0 q-4 -30 16 -34 l22 -34 h66 l30 34 q32 2 30 34 z", "#d62828"),
        shape("M-38 -38 l14 -22 h22 v22 z M6 -38 v-22 h24 l20 22 z", "#cdeffc"), circle(-44, 0, 19, "#222"),
        circle(46, 0, 19, "#222"), circle(-44, 0, 8, "#bbb"), circle(46, 0, 8, "#bbb"),
        circle(76, -20, 6, "#ffe066"),
    );
    return (
        field(day) +
        tree(40, 262, 0.9) +
        road(280) +
        car +
        oval(420, 318, r * 1.35, 12, "#000", 'opacity="0.25"') +
        shape(`M${420 - r * 1.3} 312 q-8 -${r * 1.5} ${r * 1.3} -${r * 1.5} q${r * 1.3} 0 ${r * 1.3} ` +
            `${r * 1.5} z`, "#f0b95b") +
        shape(`M${420 - r * 1.1} 290 q10 -${r * 1.05} ${r * 1.1} -${r * 1.1} q-${r * 0.7} 20 ` +
            `-${r * 0.7} ${r} z`, "#fbd98c") +
        times(9, (i) => oval(420 - r + chance(i, 5) * r * 2, 300 - chance(i, 6) * r, 5 + chance(i, 7) * 7,
            4, "#c98a34", 'opacity="0.7"')) +
        steam(380, 306 - r * 1.5, 3) +
        when(t > 0, circle(420 + r * 0.9, 262, 30, "#fff3cf"),
            times(3, (i) => line(`M${420 + r * 0.9 + i * 6} 262 q18 ${20 + i * 8} 44 ${26 + i * 4}`,
                "#fff3cf", 5))) +
        person(t > 0 ? 590 : 560, 312, 1.05, "#2a9d8f", t > 0 ? "left" : "up") +
        when(t > 1, person(268, 306, 1, "#8338ec", "up"))
    );
}

const pepper = (x, y, s) =>
    move(
        x, y, s, shape("M-26 -40 C-34 10 -10 50 34 66 C16 40 24 10 26 -40 C14 -54 -14 -54 -26 -40 Z",
            "#e01e37"),
        shape("M-16 -36 C-20 0 -8 24 4 36 C-2 10 -6 -10 -6 -38 Z", "#ff6b6b"),
        shape("M-28 -40 q28 -20 56 0 q-12 12 -28 4 q-16 8 -28 -4 z", "#3a7d44"),
        line("M0 -48 q2 -18 14 -24", "#3a7d44", 8),
    );

export function hotPepper(day, t) {
    const village = times(4,
        (i) => house([70, 190, 470, 590][i], 264, 0.75, ["#ffe8d6", "#d8e2dc", "#ffcad4", "#f4f1bb"][i],
            ["#9d4edd", "#e76f51", "#457b9d", "#bc6c25"][i]));
    return (
        sky(day) + sun(day, 540, 60) + hills(day) + ground(day) + village +
        when(t === 0, rect(270, 250, 100, 90, "#c9a227", 'rx="4"'),
            rect(256, 240, 128, 16, "#e9c46a", 'rx="4"'), flame(290, 178, 0.8), flame(356, 178, 0.8),
            pepper(320, 176, 1),
            times(5, (i) => person([60, 140, 460, 530, 600][i], 320, 0.9, SHIRTS[i],
                i % 2 ? "up" : "down"))) +
        when(t > 0,
            rect(230, 258, 200, 104, "#f4f1de", 'rx="40"'),
            circle(330, 180, 92, t === 1 ? "#e8927c" : "#ff4d3d"),
            shape("M238 176 a92 92 0 0 1 184 0 q-40 -50 -92 -46 q-54 -4 -92 46 z", "#3a2a21"),
            eyes(330, 176, 70, 18, 0, 6),
            t === 1 ? oval(330, 234, 22, 14, "#7a1f1f") +
                pepper(420, 250, 0.8) : oval(330, 236, 30, 20, "#7a1f1f") +
                turn(330, 240, 120, flame(0, 10, 2.2)),
            times(3 + t,
                (i) => move(252 + i * 38, 120 - (i % 2) * 24, 1, line("M0 0 l-6 -16", "#7cc6fe", 5))),
            when(t === 2, steam(200, 170, 1), steam(450, 170, 1), pepper(530, 240, 0.9)))
    );
}

export function pancakes(day, t) {
    const count = [7, 13, 19][t];
    const lean = [0, 0.3, 1.1][t];
    const at = (i) => 320 + (lean * i * i) / 6;
    return (
        room("#cfe8e4", "#6c8f8a") +
        pane(50, 40, 110, 100) +
        person(120, 262, 1.7, "#ffffff", t === 2 ? "up" : "right",
            rect(-12, -84, 24, 20, "#fff", 'rx="8"') + rect(-11, -68, 22, 8, "#e6e6e6")) +
        table(270, "#a9714b") +
        oval(320, 268, 100, 10, "#fff") +
        times(count, (i) => oval(at(i), 260 - i * 11.5, 70 - (i % 3) * 4, 9, "#b5702f") +
                oval(at(i), 257 - i * 11.5, 68 - (i % 3) * 4, 8, "#e9b872")) +
        rect(at(count - 1) - 13, 248 - count * 11.5 + 4, 26, 10, "#ffe066", 'rx="2"') +
        times(4, (i) => line(`M${at(count - 1) - 46 + i * 30} ${262 - count * 11.5} v${16 +
                chance(i) * 34}`, "#8a3b12", 7)) +
        when(t === 2,
            times(3, (i) => turn(500 + i * 30, 140 + i * 50, 40 + i * 35, oval(0, 3, 60, 9, "#b5702f"),
                oval(0, 0, 58, 8, "#e9b872"))),
            cat(560, 330, 1, "#6d6875")) +
        when(t === 1, line("M410 60 q16 30 2 60 M424 70 q12 24 0 46", "#457b9d", 3))
    );
}

function weeklyCake(count, dough, cream, t) {
    const calendar =
        rect(430, 36, 170, 140, "#fff", 'rx="8"') + rect(430, 36, 170, 24, "#e63946", 'rx="8"') +
        times(20, (i) => rect(442 + (i % 5) * 31, 68 + Math.floor(i / 5) * 26, 24, 20, "#eceff4")) +
        times(count,
            (i) => line(`M${446 + (i % 5) * 31} ${72 + Math.floor(i / 5) * 26} l16 12 m0 -12 l-16 12`,
                "#e63946", 3));
    const candle = (i) => {
        const x = 320 - (count - 1) * 8 + i * 16;
        return rect(x - 3, 96, 6, 34, SHIRTS[i % 8]) +
            (t === 2 ? oval(x, 88, 4, 8, "#ffd166") + circle(x, 90, 2, "#f3722c") : "");
    };
    return (
        room("#ffe5ec", "#cdb4db") + calendar + pane(50, 40, 110, 90, "#cfe8ff") + table(262, "#c58c54") +
        (t === 0
                ? shape("M220 190 h160 q-6 72 -50 74 h-60 q-44 -2 -50 -74 z", "#8ecae6") +
                oval(300, 190, 80, 16, dough) + line("M330 190 L400 96", "#c58c54", 9) +
                times(3, (i) => oval(450 + i * 34, 250, 13, 17, "#fff6e6")) +
                rect(110, 200, 60, 62, "#f4f1de", 'rx="6"') + circle(140, 230, 16, "#e9c46a")
                : oval(320, 262, 150, 10, "#fff") + rect(210, 190, 220, 70, dough, 'rx="10"') +
                rect(200, 190, 240, 22, cream, 'rx="11"') +
                times(8, (i) => rect(206 + i * 29, 200, 18, 18 + chance(i) * 22, cream, 'rx="9"')) +
                rect(240, 130, 160, 62, dough, 'rx="10"') +
                rect(232, 128, 176, 18, cream, 'rx="9"') + times(count, candle))
    );
}
export const cakeTwelve = (day, t) => weeklyCake(12, "#5b3420", "#f7cad0", t);
export const cakeThirteen = (day, t) => weeklyCake(13, "#e08e45", "#fefae0", t);

export function coffee(day, t) {
    return (
        sky(t === 2 ? NOON : DUSK) + sun(DUSK, 470, 110 - t * 26) + peaks(DUSK) + cloud(90, 250, 1.4) +
        cloud(560, 256, 1.5) + cloud(300, 262, 1.2) +
        shape("M120 360 Q200 272 330 276 Q480 274 560 360 Z", "#5e7d4a") +
        line("M250 110 V300 M250 110 H372 M232 300 h130", "#6b4226", 8) +
        oval(330, 112, 44, 8, "none", 'stroke="#6b4226" stroke-width="6"') +
        shape("M288 114 Q300 190 330 206 Q360 190 372 114 Z", "#f5ead6") +
        shape("M300 150 Q312 190 330 206 Q348 190 360 150 Z", "#8a5a34") +
        when(t > 0, line("M330 206 V252", "#4a2a1b", 4)) +
        move(330, 290, 1, shape("M-30 -40 h60 l-6 46 h-48 z", "#e63946"),
            line("M30 -30 q24 2 14 24 q-6 8 -18 6", "#e63946", 6),
            oval(0, -40, 30, 7, t > 0 ? "#4a2a1b" : "#b02a37")) +
        when(t > 0, steam(310, 244, 2, 40)) +
        move(180, 282, 1, rect(-34, -50, 60, 54, "#6c757d", 'rx="8"'),
            line("M26 -40 q24 -10 30 -34", "#6c757d", 9), line("M-34 -40 q-24 14 0 34", "#495057", 6)) +
        when(t === 2, person(470, 292, 1.2, "#457b9d", "left"),
            shape("M432 236 h16 l-2 12 h-12 z", "#e63946"), rect(510, 270, 44, 50, "#2a9d8f", 'rx="12"')) +
        when(t < 2, smile(470, 110 - t * 26, 0)) +
        times(3, (i) => star(80 + i * 60, 40 + (i % 2) * 20, t ? 0 : 4, "#fff"))
    );
}
