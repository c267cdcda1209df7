// Sample scenes of town, sport and stranger spots: (day, t) → SVG, t = 0, 1, 2 being how far the video has
// got. A scene hints at its title, later frames more, and never holds its words.

import {
    DAYS, HEIGHT, NIGHT, NOON, SHIRTS, WIDTH, chance, circle, clock, cloud, dog, ground, hills, house, line,
    mirror, move, note, oval, palm, peaks, person, rect, room, sand, sea, shape, sky, smile, sun, times,
    turn, when,
} from "./drawing.mjs";

// Strokes by the five, as one counts on a wall: which part of the series this is.
const tally = (count) =>
    rect(214, 16, 212, 62, "#16202c", 'rx="8"') +
    times(count, (i) => {
        const x = 234 + Math.floor(i / 5) * 68;
        return line(i % 5 === 4 ? `M${x - 8} 60 l56 -26` : `M${x + (i % 5) * 13} 30 v34`, "#ffd166", 5);
    });

function pitch(day, t, part) {
    const x = 130 + t * 170;
    return (
        sky(day) +
        tally(part) +
        rect(0, 150, WIDTH, 210, "#3f9142") +
        times(6, (i) => rect(i * 120 - 40, 150, 60, 210, "#4aa84e")) +
        rect(0, 118, WIDTH, 34, "#5a6378") +
        times(60, (i) =>
                circle(8 + i * 10.7, 126 + (i % 3) * 8, 3.4, SHIRTS[(i * 3) % 8]),
        ) +
        line("M320 152 V360", "#fff", 3) +
        oval(320, 256, 90, 50, "none", 'stroke="#fff" stroke-width="3"') +
        line("M560 230 V152 H640 M560 152 l40 -14 h40", "#fff", 5) +
        times(7, (i) => line(`M${566 + i * 11} 152 V230`, "#fff", 1, 'opacity="0.6"')) +
        person(150, 280, 1.1, "#ffd60a") +
        person(430, 230, 0.8, "#1d3557") +
        person(520, 300, 0.9, "#1d3557") +
        line(
            `M190 306 Q${(190 + x) / 2} ${150 - t * 30} ${x + 80} ${240 - t * 30}`, "#fff", 2,
            'stroke-dasharray="5 9"',
        ) +
        circle(x + 80, 240 - t * 30, 12, "#fff", 'stroke="#222" stroke-width="2"') +
        circle(x + 80, 240 - t * 30, 4, "#222")
    );
}

export const football = (day, t) => pitch(day, t, 12);

/** The same pitch with the referee's cards: another part of the series. */
export function footballCards(day, t) {
    return (
        pitch(day, t, 13) +
        move(320, 318, 1.5, person(0, 0, 1, "#222"), line("M10 -32 L34 -70", "#222", 7)) +
        rect(360, 178, 22, 32, ["#ffd60a", "#ffd60a", "#e63946"][t], 'rx="3"')
    );
}

export function bicycle(day, t) {
    const wheel = (x) =>
        circle(x, 0, 30, "none", 'stroke="#22223b" stroke-width="5"') +
        times(6, (i) =>
                line(`M${x} 0 l0 -28`, "#9a9aa8", 1.4, `transform="rotate(${i * 60} ${x} 0)"`),
        );
    return (
        sky(day) +
        sun(day, 90, 70) +
        peaks(day) +
        ground(day) +
        shape("M0 360 L640 236 L640 300 L180 360 Z", "#5c5f6b") +
        line("M40 360 L640 258", "#ffe9a8", 3, 'stroke-dasharray="26 20"') +
        move(
            180 + t * 130, 300 - t * 28, 0.95, `<g transform="rotate(-11)">`, wheel(-48), wheel(48),
            line(
                "M-48 0 L-10 -46 L34 -46 L0 0 L-48 0 M0 0 L-10 -46 M48 0 L34 -46 L30 -62 l14 -4", "#e63946",
                5,
            ), line("M-22 -52 h22", "#22223b", 6), circle(0, 0, 9, "#22223b"),
            line("M-10 -56 L6 -96 L34 -64", "#2a9d8f", 13), circle(12, -112, 13, "#c98f62"),
            shape("M-3 -114 a15 15 0 0 1 30 0 z", "#ffb703"), line("M-8 -54 L12 -22 L0 6", "#33384d", 9),
            "</g>",
        )
    );
}

export function paperBoats(day, t) {
    const boat = (x, y, s, fill) =>
        move(
            x, y, s, shape("M-50 0 h100 l-24 28 h-52 z", fill), shape("M-26 0 L0 -40 L26 0 Z", "#ffffff"),
            line("M0 -40 V0", "#c9c9c9", 2),
        );
    return (
        sky(day) +
        hills(day) +
        ground(day) +
        shape(
            "M260 260 Q330 280 200 310 Q90 340 60 360 H560 Q600 320 470 300 Q360 280 360 260 Z", "#4aa3d8",
        ) +
        boat(300 - t * 40, 284 + t * 10, 0.6 + t * 0.3, "#ef476f") +
        boat(390 + t * 30, 302 + t * 6, 0.6 + t * 0.3, "#ffd166") +
        boat(250 + t * 60, 324, 0.7 + t * 0.2, "#06d6a0") +
        times(2 + t, (i) => person(470 + i * 42, 270, 0.9, SHIRTS[i], "up")) +
        times(6, (i) => rect(30 + i * 30, 236 - chance(i, 9) * 40, 6, 60, "#5b7f3a", 'rx="3"'))
    );
}

export function cinema(day, t) {
    if (t === 2) {
        return (
            rect(0, 0, WIDTH, HEIGHT, "#160f1d") +
            rect(120, 40, 400, 180, "#f4f1e4") +
            shape("M320 360 L120 40 H520 Z", "#fff", 'opacity="0.12"') +
            circle(320, 130, 56, "#d9d4c0") +
            line("M320 74 V186 M264 130 H376", "#8f8a78", 3) +
            times(3, (row) =>
                    times(9, (i) =>
                            shape(
                                `M${30 + i * 66 + row * 8} ${300 + row * 28} q26 -40 52 0 z`,
                                ["#5c1a2b", "#7a2338", "#982c46"][row],
                            ),
                    ),
            )
        );
    }
    return (
        sky(DAYS[2]) +
        rect(90, 70, 460, 230, "#6e2f3c") +
        rect(60, 140, 520, 44, "#f2c14e") +
        times(
            26, (i) =>
                circle(70 + i * 20, 140, 4, i % 2 === t ? "#fff" : "#f78154") +
                circle(70 + i * 20, 184, 4, i % 2 === t ? "#f78154" : "#fff"),
        ) +
        times(9, (i) => rect(110 + i * 48, 156, 30, 10, "#7a4f10")) +
        rect(270, 200, 100, 100, "#2d1520") +
        rect(130, 200, 90, 74, "#f4e9cd") +
        rect(420, 200, 90, 74, "#f4e9cd") +
        circle(175, 236, 24, "#c44536") +
        shape("M440 264 l26 -46 l26 46 z", "#197278") +
        rect(0, 300, WIDTH, 60, "#3a3a4a") +
        times(2 + t, (i) => person(180 + i * 90, 318, 0.9, ["#ef476f", "#118ab2", "#ffd166"][i]))
    );
}

export function kites(day, t) {
    const kite = (x, y, s, a, b) =>
        move(
            x, y, s, shape("M0 -44 L30 0 L0 56 L-30 0 Z", a),
            shape("M0 -44 L30 0 L0 0 Z M0 56 L-30 0 L0 0 Z", b),
            line("M0 56 q-14 18 0 34 q14 18 0 36 q-12 16 0 30", b, 3),
        );
    const colours = [
        ["#ef476f", "#ffd166"], ["#118ab2", "#06d6a0"], ["#f77f00", "#fcbf49"], ["#8338ec", "#ff99c8"],
    ];
    return (
        sky(day) +
        cloud(500, 60) +
        cloud(90, 110, 0.8) +
        times(3 + t,
            (i) => line(`M${40 + i * 130} ${210 - (i % 3) * 50} q40 -14 76 0 q14 -18 -4 -20`, "#fff", 3,
                'opacity="0.7"')) +
        hills(day) +
        ground(day) +
        times(
            2 + t, (i) =>
                line(
                    `M${190 + i * 85} 268 Q${200 + i * 90} 180 ${120 + i * 135} ${110 +
                            (i % 2) * 34 - t * 10}`,
                    "#fff", 1.4,
                ) +
                kite(120 + i * 135, 90 + (i % 2) * 34 - t * 10, 0.8, ...colours[i]) +
                person(180 + i * 85, 296, 0.85, colours[i][0]),
        )
    );
}

export function elevator(day, t) {
    const gap = [3, 8, 30][t];
    const beard = (length) => shape(`M-11 -48 q11 10 22 0 l-4 ${length} h-14 z`, "#e9ecef");
    return (
        rect(0, 0, WIDTH, HEIGHT, "#d6ccc2") + rect(0, 290, WIDTH, 70, "#9a8c7c") +
        times(9, (i) => rect(i * 76, 290, 38, 70, "#8a7c6c")) +
        rect(210, 66, 220, 226, "#6c757d", 'rx="4"') +
        rect(224, 80, 192, 212, "#343a40") + when(t === 2, person(320, 262, 1.5, "#e63946", "up")) +
        rect(224, 80, 96 - gap, 212, "#adb5bd") + rect(320 + gap, 80, 96 - gap, 212, "#adb5bd") +
        line(`M${300 - gap} 100 v170 M${340 + gap} 100 v170`, "#868e96", 3) +
        rect(270, 26, 100, 32, "#212529", 'rx="5"') +
        times(7, (i) => circle(284 + i * 12, 42, 4, i === t ? "#ff6b6b" : "#495057")) +
        rect(450, 170, 26, 54, "#868e96", 'rx="4"') + shape("M463 176 l8 13 h-16 z", "#ffd166") +
        shape("M463 218 l8 -13 h-16 z", "#495057") +
        clock(110, 70, 34, [9, 3, 11][t], [5, 40, 55][t]) +
        person(140, 300, 1.7, "#457b9d", "down", when(t > 0, beard(t * 16))) +
        person(530, 300, 1.6, "#d1495b", "right", when(t > 0, beard(t * 13))) +
        (t === 0 ? rect(170, 310, 34, 26, "#6b4226", 'rx="4"') : move(40, 330, 1,
            circle(0, -40 - t * 14, 24 + t * 12, "#3f8f4f"),
            shape("M-18 -14 h36 l-6 34 h-24 z", "#bc6c25"))) +
        when(t > 0,
            line("M212 68 l60 0 M212 68 l0 60 M212 100 q20 -6 30 -32 M224 68 q0 20 -12 44 M212 68 l36 36",
                "#fff", 1.5), line(`M400 66 v${34 + t * 20}`, "#fff", 1.5),
            circle(400, 106 + t * 20, 7, "#222"),
            line(`M392 ${100 + t * 20} l-8 -6 m0 16 l8 -4 m16 -6 l8 -6 m0 16 l-8 -4`, "#222", 2))
    );
}

export function laundromat(day, t) {
    const machine = (i) => {
        const x = 30 + i * 122;
        return rect(x, 130, 108, 140, "#f8f9fa", 'rx="8"') + rect(x, 130, 108, 28, "#ced4da", 'rx="8"') +
            circle(x + 16, 144, 5, "#e63946") + rect(x + 60, 138, 36, 12, "#90e0ef") +
            circle(x + 54, 214, 40, "#adb5bd") + circle(x + 54, 214, 32, "#48aacb") +
            turn(x + 54, 214, i * 50 + t * 70, oval(8, 10, 20, 10, SHIRTS[i]),
                oval(-8, -10, 14, 8, SHIRTS[(i + 3) % 8])) +
            times(4, (k) => circle(x + 40 + k * 9, 200 + (k % 2) * 20, 3, "#fff", 'opacity="0.8"'));
    };
    const lights = when(t > 0,
        times(5, (i) => shape(`M${60 + i * 130} 0 l-50 360 h100 z`, SHIRTS[(i + t) % 8], 'opacity="0.22"')));
    const dancer = person(0, 0, 2, "#8338ec", ["right", "out", "up"][t],
        rect(-16, -62, 5, 16, "#e63946", 'rx="2"') + rect(11, -62, 5, 16, "#e63946", 'rx="2"') +
            line("M-14 -58 a14 14 0 0 1 28 0", "#e63946", 3));
    return (
        room(t ? "#5b4b8a" : "#e0f2f1", t ? "#3d3460" : "#b0bec5") + times(5, machine) +
        rect(30, 60, 580, 16, "#adb5bd") +
        times(6, (i) => rect(60 + i * 96, 36, 26, 24, ["#ffd166", "#4cc9f0", "#ff8fab"][i % 3],
            'rx="4"')) + lights + turn(320, 290, [0, -10, 14][t], dancer) +
        times(2 + t * 2, (i) => note(180 + i * 62 + (i > 1 ? 60 : 0), 100 - (i % 2) * 30, "#ffd166")) +
        move(520, 316, 1, shape("M-46 -20 h92 l-12 50 h-68 z", "#f4a261"),
            oval(-14, -24, 26, 12, "#fff"), oval(18, -26, 22, 10, "#ef476f")) +
        when(t > 1, circle(320, 20, 30, "#ced4da"),
            times(9, (i) => rect(302 + (i % 3) * 13, 4 + Math.floor(i / 3) * 12, 10, 9, "#fff")))
    );
}

export function postman(day, t) {
    const count = [1, 4, 7][t];
    const colours = ["#d9a066", "#8a6240", "#f1e3c6", "#4a4e69", "#bc6c25", "#adb5bd", "#e9c46a"];
    return (
        sky(day) +
        times(4, (i) => house(80 + i * 170, 262, 1, ["#ffe8d6", "#cdeac0", "#ffd6e0", "#d7e3fc"][i],
            ["#e76f51", "#6a994e", "#b5179e", "#3a5a98"][i])) + rect(0, 258, 640, 110, "#b9bcc6") +
        rect(0, 258, 640, 12, "#8d99ae") +
        person([420, 500, 540][t], 300, 1.5, "#ffd60a", t ? "up" : "right",
            shape("M-16 -58 h32 l6 5 h-38 z M-12 -58 q12 -14 24 0 z", "#1d4e89") +
                rect(-26, -16, 22, 20, "#1d4e89", 'rx="3"') + line("M10 -36 L-20 -14", "#1d4e89", 3)) +
        when(t === 0,
            move(540, 300, 1, rect(-4, -50, 8, 70, "#6b4226"), rect(-24, -80, 48, 32, "#e63946", 'rx="10"'),
                rect(-18, -68, 30, 6, "#7f1d1d")),
            turn(478, 240, 10, rect(-16, -10, 32, 20, "#fff", 'stroke="#adb5bd"'),
                line("M-16 -10 L0 2 L16 -10", "#adb5bd", 2))) +
        times(count,
            (i) => turn(340 - (i % 4) * 92 + (i > 3 ? 40 : 0) + t * 26, i > 3 ? 330 : 286 - (i % 2) * 8,
                t ? -8 : 0, move(0, 0, 0.62 + (i % 3) * 0.12, dog(0, 0, 1, colours[i])))) +
        when(t > 0,
            times(6, (i) => turn(430 + i * 30, 110 + chance(i, 3) * 90, i * 40,
                rect(-13, -8, 26, 17, "#fff", 'stroke="#adb5bd"'),
                line("M-13 -8 L0 2 L13 -8", "#adb5bd", 1.5))),
            times(3, (i) => line(`M${470 - i * 10} ${300 + i * 14} h-34`, "#fff", 4)))
    );
}

export function chess(day, t) {
    const deep = ["#5fc4d8", "#2f8fb8", "#1b5f93", "#123c6b"];
    const piece = (x, y, s, fill, head) => move(x, y, s,
        shape("M-16 30 h32 l-6 -14 q-4 -22 -2 -34 h-16 q2 14 -2 34 z", fill),
        rect(-18, 28, 36, 8, fill, 'rx="3"'),
        [circle(0, -24, 11, fill), shape("M-14 -18 l-4 -22 l9 10 l9 -14 l9 14 l9 -10 l-4 22 z", fill),
            shape("M-10 -16 q-2 -26 18 -28 q16 8 12 22 q-14 -2 -12 8 z", fill)][head]);
    const diver = (x, flip, suit) => {
        const body = move(x, 226, 1.25, rect(-18, -20, 36, 62, suit, 'rx="16"'),
            rect(-34, -24, 18, 54, "#ffd166", 'rx="8"'), circle(0, -42, 24, "#c98f62"),
            rect(-6, -56, 32, 24, "#cdeffc", 'rx="9" stroke="#222" stroke-width="4"'),
            circle(4, -44, 2.6, "#222"), circle(16, -44, 2.6, "#222"),
            line("M-20 -36 q-16 10 -8 24 M22 -22 h10", "#222", 5), line("M12 0 L46 -6", suit, 12),
            shape("M-14 40 l-34 26 l40 -6 z M8 40 l-8 34 l26 -18 z", "#e63946"));
        return flip ? mirror(x, body) : body;
    };
    return (
        times(4, (i) => rect(0, i * 90, WIDTH, 92, deep[i])) +
        times(5, (i) => shape(`M${60 + i * 130} 0 l60 0 l-60 330 h-90 z`, "#fff", 'opacity="0.08"')) +
        shape("M0 340 Q160 310 320 334 T640 326 V360 H0 Z", "#d9c48f") +
        times(6, (i) => line(`M${20 + i * 22 + (i > 2 ? 500 : 0)} 350 q-14 -40 0 -70 q12 -30 0 -${50 +
                i * 8}`, "#2a9d5c", 8)) +
        when(t > 0, diver(130, false, "#33384d")) + when(t > 1, diver(510, true, "#8338ec")) +
        rect(306, 270, 28, 70, "#6b4226") + shape("M230 236 h180 l26 36 h-232 z", "#f4e3c1") +
        times(16,
            (i) => { const r = Math.floor(i / 8); return when((i + r) % 2,
                shape(`M${230 - r * 13 + (i % 8) * (22.5 + r * 3.2)} ${236 + r * 18} h${22.5 +
                        r * 3} l2 18 h-${25 + r * 3} z`, "#6b4226")); }) +
        piece(250, 222, 0.9, "#fff", 0) + piece(286, 214, 1.1, "#fff", 1) +
        piece(360, 214, 1.1, "#2b2b3a", 2) + piece(398, 222, 0.9, "#2b2b3a", 0) +
        piece(324, 236, 0.9, "#2b2b3a", 0) +
        times(9, (i) => circle(170 + chance(i, 2) * 320, 150 - i * 14, 3 + chance(i) * 5, "#fff",
            'opacity="0.6"')) +
        times(3, (i) => move(90 + i * 220, 60 + chance(i, 5) * 50, 0.9,
            oval(0, 0, 22, 10, ["#ffd6a5", "#ff8fab", "#ffd166"][i]),
            shape("M-20 0 l-16 -10 v20 z", "#f4a261"), circle(12, -2, 2.2, "#222")))
    );
}

export function suitSurf(day, t) {
    const surfer = turn(0, 0, -14, oval(0, 34, 96, 9, "#ffd166"), oval(0, 32, 60, 3, "#ef476f"),
        line("M-26 30 L-12 -6 L14 -6 L34 30", "#1d2233", 15), shape("M-16 -62 h34 l4 58 h-40 z", "#1d2233"),
        shape("M-6 -62 h16 l-8 40 z", "#fff"), shape("M0 -60 h5 l4 30 l-6 9 l-7 -9 z", "#e63946"),
        line("M-14 -54 L-52 -38 M16 -54 L54 -66", "#1d2233", 11), circle(-56, -36, 7, "#c98f62"),
        circle(58, -67, 7, "#c98f62"),
        circle(2, -80, 17, "#c98f62"),
        shape("M-16 -82 a18 18 0 0 1 36 0 q-8 -10 -18 -8 q-10 -2 -18 8 z", "#3a2a21"),
        circle(-2, -80, 2, "#222"), circle(10, -80, 2, "#222"), smile(4, -74, 10),
        when(t > 0,
            move(-58, -28, 0.8, rect(-26, 0, 52, 36, "#6b4226", 'rx="4"'),
                line("M-9 0 v-8 h18 v8", "#6b4226", 4), rect(-4, 14, 8, 8, "#ffd166"))));
    return (
        sky(day) + sun(day, 90, 64) + sea(day, 190) +
        shape("M640 60 Q520 20 430 90 Q380 140 420 180 Q440 130 490 130 Q440 200 480 260 L640 330 Z",
            "#2a9dc4") +
        shape("M640 60 Q520 20 430 90 Q380 140 420 180 Q430 120 500 104 Q580 90 640 120 Z", "#fff",
            'opacity="0.85"') + shape("M0 300 Q200 236 360 270 Q460 290 640 220 V360 H0 Z", "#1f7fa8") +
        move([200, 270, 330][t], [236, 226, 210][t], [0.8, 1, 1.25][t], surfer) +
        shape("M0 330 Q140 290 300 316 T640 300 V360 H0 Z", "#2f93bd") +
        times(14,
            (i) => circle(120 + chance(i, 3) * 260, 270 + chance(i, 4) * 40, 3 + chance(i, 5) * 6, "#fff",
                'opacity="0.8"')) +
        when(t === 2,
            times(2, (i) => move(120 + i * 70, 110 - i * 30, 1,
                line("M0 0 q12 -14 22 0 q12 -14 22 0", "#33384d", 3))))
    );
}

export function snowman(day, t) {
    const melt = [1, 0.94, 0.82][t];
    const wave = (y) => shape(`M0 ${y} ${times(8, (i) => `q20 -18 40 0 t40 0 `)} v14 ${times(8,
        () => `q-20 18 -40 0 t-40 0 `)} z`, "#2b2b2b");
    return (
        sky(day.dark ? NOON : day) + sun(NOON, 90, 60) +
        shape("M400 206 Q440 120 480 126 Q500 60 540 40 Q590 60 600 206 Z", "#5d7f63") +
        shape("M280 206 Q330 150 400 168 Q440 180 470 206 Z", "#6f9375") + sea(NOON, 200) +
        sand(240, "#f5e2b0") + rect(0, 318, 640, 50, "#f1f1ee") + wave(326) + wave(348) +
        palm(560, 320, 1.1) +
        turn(130, 300, 0, line("M0 20 V-120", "#8a6240", 6),
            shape("M-80 -104 Q0 -190 80 -104 Z", "#ef476f"), shape("M-28 -104 Q0 -190 28 -104 Z", "#fff")) +
        oval(320, 314, 90 + t * 40, 12, "#a8dcf0", 'opacity="0.8"') +
        move(320, 310, melt, circle(0, -42, 52, "#fff"), circle(0, -118, 38, "#fff"),
            circle(0, -176, 27, "#fff"), circle(-9, -182, 3.4, "#222"), circle(9, -182, 3.4, "#222"),
            shape("M0 -176 l34 7 l-34 6 z", "#f77f00"), smile(0, -164, 14),
            line("M-34 -122 L-86 -150 M34 -122 L86 -156", "#6b4226", 5),
            times(3, (i) => circle(0, -128 + i * 22, 4, "#222")),
            when(t > 0, rect(-22, -192, 19, 13, "#111", 'rx="4"'), rect(3, -192, 19, 13, "#111", 'rx="4"'),
                line("M-24 -190 h48", "#111", 3)),
            when(t < 2, shape("M-30 -196 q30 -30 60 0 z", "#ffd166"),
                rect(-42, -199, 84, 7, "#ffd166", 'rx="3"')),
            when(t > 1,
                move(92, -150, 1, circle(0, -14, 20, "#6a994e"), line("M4 -30 l12 -22", "#ef476f", 3)),
                times(6, (i) => oval(-50 + i * 20, -60 + chance(i) * 50, 3, 7, "#a8dcf0")))) +
        when(t > 0, person(470, 306, 1.2, "#ffd166", "left", rect(-10, -4, 20, 14, "#ef476f"))) +
        when(t > 1, person(220, 310, 1, "#118ab2", "up"))
    );
}

export function spaceGarden(day, t) {
    const plant = (x, h, n) => line(`M${x} 284 q-8 -${h / 2} 0 -${h}`, "#2f7d3b", 6) +
        times(5, (i) => turn(x - 3, 280 - (i * h) / 5, i % 2 ? -30 : 210, oval(18, 0, 18, 7, "#4caf50"))) +
        times(n, (i) => circle(x + (i % 2 ? 18 : -20), 268 - (i * h) / (n + 0.5), 12, "#e63946") +
                shape(`M${x + (i % 2 ? 12 : -26)} ${257 - (i * h) / (n + 0.5)} h12 l-6 5 z`, "#2f7d3b"));
    const tall = [50, 100, 140][t];
    return (
        rect(0, 0, WIDTH, HEIGHT, "#cfd6df") + times(4, (i) => rect(0, 40 + i * 70, WIDTH, 3, "#b3bcc8")) +
        circle(180, 130, 104, "#8d99ae") +
        `<clipPath id="port"><circle cx="180" cy="130" r="90"/></clipPath><g clip-path="url(#port)">` +
        sky(NIGHT) + circle(230, 220, 130, "#2f86d0") +
        shape("M150 150 q40 -30 70 0 q30 40 -10 60 q-70 0 -60 -60 z M250 160 q30 -10 50 20 l-20 40 q-40 " +
            "-20 -30 -60 z", "#5fae57") + circle(110, 70, 9, "#e9e5d0") + "</g>" +
        times(8, (i) => circle(180 + 97 * Math.cos((i * Math.PI) / 4), 130 +
                97 * Math.sin((i * Math.PI) / 4), 4, "#495057")) +
        rect(310, 30, 280, 14, "#b388eb", 'rx="5"') +
        shape("M310 44 h280 l30 240 h-340 z", "#e0aaff", 'opacity="0.3"') +
        rect(300, 282, 300, 40, "#f8f9fa", 'rx="8"') + rect(310, 278, 280, 10, "#6b4226") +
        times(3, (i) => plant(350 + i * 95, tall - (i % 2) * 16, t === 0 ? 0 : t + 1)) +
        move(170, 290, 1.5, rect(-20, -40, 40, 50, "#fff", 'rx="12"'),
            rect(-18, 6, 15, 26, "#fff", 'rx="6"'), rect(3, 6, 15, 26, "#fff", 'rx="6"'),
            circle(0, -58, 25, "#fff"), circle(3, -58, 18, "#33384d"), circle(3, -56, 12, "#c98f62"),
            circle(-1, -58, 1.8, "#222"), circle(8, -58, 1.8, "#222"), smile(4, -52, 7),
            line("M18 -30 L46 -36", "#fff", 11), rect(-12, -28, 16, 10, "#e63946")) +
        when(t < 2,
            move(262, 236, 0.9, rect(-16, -14, 34, 30, "#2a9d8f", 'rx="5"'),
                line("M18 -4 l24 -16", "#2a9d8f", 6)),
            times(5, (i) => circle(310 + i * 16, 214 - (i % 2) * 12, 5, "#7cc6fe"))) +
        when(t === 2,
            times(4, (i) => circle(250 + i * 34, 90 + (i % 2) * 50, 12, "#e63946") +
                    shape(`M${244 + i * 34} ${79 + (i % 2) * 50} h12 l-6 5 z`, "#2f7d3b")))
    );
}
