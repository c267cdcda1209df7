// Sample scenes with animals: (day, t) → SVG, t = 0, 1, 2 being how far the video has got. A scene hints at
// its title, later frames more, and never holds its words.

import {
    DUSK, NIGHT, NOON, SHIRTS, capy, cat, chance, circle, cloud, dog, eyes, field, ground, hills, house,
    inset, line, mirror, move, note, orange, oval, palm, person, rect, room, sand, shape, sky, snow, star,
    steam, sun, times, tree, turn, when,
} from "./drawing.mjs";

export function capybara(day, t) {
    return (
        field(NIGHT) +
        sun(NIGHT, 110, 76) +
        oval(470, 322, 200, 30, "#345c8c") +
        capy(200, 250, 1) +
        when(t > 0, capy(430, 262, 0.7)) +
        when(t > 1, capy(70, 292, 0.55)) +
        when(t > 0,
            move(545, 300, 1, person(0, 0, 1.1, "#8338ec"),
                shape("M-34 -34 q18 -14 34 2 q18 -4 18 14 q-8 16 -26 8 q-22 4 -26 -24 z", "#c58c54"),
                line("M8 -20 L44 -44", "#6b4226", 5))) +
        times(3 + t, (i) => note(300 + i * 58, 130 - 26 * (i % 2) - t * 8)) +
        when(t > 1,
            times(3, (i) => line(`M${250 + i * 20} ${190 - i * 22} h${12 + i * 3} l-${12 + i * 3} ${12 +
                    i * 3} h${12 + i * 3}`, "#fff", 3)))
    );
}

export function bath(day, t) {
    return (
        sky(day) + hills(day) + ground(day) + tree(60, 262, 1.1) + tree(590, 262, 0.9) +
        rect(430, 170, 16, 96, "#6b4226") + rect(420, 160, 130, 14, "#6b4226") +
        rect(470, 176, 50, 60, "#f7f3e8") +
        capy(300, 214, 1.25) +
        oval(310, 254, 190, 30, "#8fd3e8") +
        times(4 + t * 3, (i) => orange(150 + ((i * 67) % 320), 250 + (i % 3) * 10, 14)) +
        shape("M116 256 Q310 318 504 256 L484 340 H136 Z", "#a5693c") +
        times(9, (i) => line(`M${150 + i * 40} ${272 + (i > 1 && i < 7 ? 12 : 0)} v60`, "#7c4a2d", 3)) +
        line("M124 300 Q310 350 496 300", "#d9b26f", 7) +
        when(t > 0, orange(372, 132, 18)) +
        when(t > 1, rect(226, 146, 76, 16, "#fff", 'rx="6"'), orange(560, 320, 16),
            orange(590, 330, 16)) +
        steam(180, 200, 2 + t, 70)
    );
}

/** The same video once more, filmed from a television set. */
export function bathAgain(day, t) {
    return (
        room("#5b4b6b", "#3b2f45") +
        rect(90, 250, 460, 30, "#2b1d14") + rect(120, 280, 20, 60, "#2b1d14") +
        rect(500, 280, 20, 60, "#2b1d14") +
        rect(120, 36, 400, 216, "#16161d", 'rx="10"') +
        inset(134, 48, 372, 190, "0 60 640 300", bath(day, t)) +
        times(24, (i) => line(`M134 ${50 + i * 8} h372`, "#000", 2, 'opacity="0.16"')) +
        shape("M150 48 h120 l-90 190 h-46 v-150 z", "#fff", 'opacity="0.1"') +
        cat(580, 300, 1.2, "#e0a458") + rect(40, 230, 40, 120, "#8a6240", 'rx="4"') +
        circle(60, 210, 36, "#3f8f4f") +
        rect(20, 340, 600, 5, "#777") + rect(20, 340, 180 + t * 190, 5, "#e63946") +
        circle(200 + t * 190, 342, 8, "#e63946")
    );
}

export function catBoxes(day, t) {
    const colours = ["#f4a261", "#6d6875", "#f1faee"];
    const box = (i) => {
        const x = 130 + i * 190;
        const w = [70, 52, 84][i];
        const h = [70, 100, 60][i];
        return (
            when(i <= t, cat(x, 288 - h, 1.15, colours[i === 1 ? 0 : 0])) +
            rect(x - w, 288 - h + 8, w * 2, h, "#c89b6a") + rect(x - w, 288 - h + 8, w * 2, 9, "#b08350") +
            shape(`M${x - w} ${296 - h} l-26 18 v-12 l20 -18 z M${x + w} ${296 - h} l26 18 v-12 l-20 -18 z`,
                "#dcb283") +
            rect(x - 9, 296 - h, 18, h, "#e6c79c", 'opacity="0.8"') +
            when(i <= t,
                times(5, (k) => star(x - 48 + k * 24, 130 - h * 0.35 - 28, 11,
                    k < [2, 5, 3][i] ? "#ffc933" : "#d8d3c8")))
        );
    };
    return room("#dfeee6", "#b7a48a") + rect(40, 250, 560, 90, "#9c7c5c", 'rx="45" opacity="0.4"') +
        times(3, box);
}

const parrotBird = (x, y, s) =>
    move(
        x, y, s, shape("M-12 40 L-34 120 L-16 116 L-6 128 L14 50 Z", "#118ab2"),
        oval(0, 0, 40, 62, "#2fa84f"), oval(-16, 14, 22, 44, "#1d7a3a"),
        line("M-32 30 q16 14 34 4", "#ffd166", 6), circle(8, -62, 34, "#2fa84f"),
        shape("M-8 -92 q20 -20 40 2 q-20 0 -40 -2 z", "#ffd166"), circle(16, -66, 15, "#fff"),
        circle(20, -66, 6, "#1b1b1b"), shape("M36 -80 q30 4 22 36 q-8 -14 -26 -14 z", "#f4a300"),
        shape("M32 -54 q12 2 14 12 q-10 4 -16 -2 z", "#c97f00"),
        line("M-4 60 v12 M14 60 v12", "#6b4226", 6),
    );

export function parrot(day, t) {
    return (
        room("#e8f3d6", "#b08968") + rect(380, 30, 220, 170, "#bfe3f0", 'stroke="#fff" stroke-width="10"') +
        cloud(480, 110, 0.7) + tree(560, 200, 0.8) +
        rect(60, 240, 300, 10, "#8a6240") + rect(204, 240, 12, 110, "#8a6240") +
        parrotBird(200, 168, 1) +
        times(2 + t * 2,
            (i) => note(310 + i * 46, 110 - (i % 2) * 36, ["#e63946", "#8338ec", "#118ab2"][i % 3])) +
        when(t > 0, person(500, 300, 2.1, "#f77f00", "down", circle(0, -44, 3.4, "#5a2a1a"))) +
        when(t === 2, times(3, (i) => line(`M${440 - i * 16} ${190 - i * 4} q-10 10 0 22`, "#457b9d", 4)),
            rect(250, 300, 90, 34, "#333", 'rx="4"'), circle(272, 317, 11, "#888"),
            circle(318, 317, 11, "#888"))
    );
}

const penguin = (x, y, s) =>
    move(
        x, y, s, oval(-14, 52, 15, 7, "#f4a300"), oval(14, 52, 15, 7, "#f4a300"),
        oval(0, 0, 36, 54, "#22263a"), oval(6, 8, 25, 42, "#fff"),
        circle(4, -50, 25, "#22263a"), oval(12, -46, 15, 14, "#fff"), circle(16, -50, 3.4, "#111"),
        shape("M26 -50 l22 7 l-22 6 z", "#f4a300"),
        turn(-30, -20, 18, oval(0, 22, 9, 30, "#171a2a")),
    );

export function penguins(day, t) {
    const flock = penguin(250, 250, 1.1) + when(t > 0, penguin(160, 266, 0.9)) +
        when(t > 1, penguin(80, 276, 0.8));
    return (
        sky(NOON) + shape("M0 230 L90 140 L160 210 L260 120 L340 230 Z", "#cfe6f5") +
        rect(0, 226, 640, 140, "#eef6fb") +
        flock + rect(352, 80, 220, 254, "#b08968", 'rx="110"') +
        `<clipPath id="glass"><rect x="364" y="92" width="196" height="230" rx="98"/></clipPath><g ` +
        `clip-path="url(#glass)">` +
        rect(352, 80, 220, 254, "#d6eefb") + rect(352, 226, 220, 120, "#f7fbfe") + mirror(356, flock) +
        shape("M380 330 L470 80 h40 L420 330 z", "#fff", 'opacity="0.35"') + "</g>" +
        line("M392 336 l-20 22 M532 336 l20 22", "#8a6240", 10) +
        when(t > 0, line("M244 140 v-26 M244 104 v-2", "#e63946", 7)) + snow(18)
    );
}

export function dogSkate(day, t) {
    const shades = when(t > 0, rect(32, -38, 18, 11, "#111", 'rx="3"'),
        rect(54, -38, 16, 11, "#111", 'rx="3"'), line("M26 -36 H70", "#111", 3));
    const board = line("M-74 46 q10 8 20 8 h110 q12 0 20 -8", "#e63946", 9) +
        times(2, (i) => circle(-38 + i * 80, 64, 9, "#ffd166"));
    const rider = dog(0, 0, 1, "#d9a066") + shades + board;
    return (
        sky(day) + times(5, (i) => rect(i * 140 - 20, 110 + chance(i) * 60, 96, 170, day.far)) +
        rect(0, 262, 640, 100, "#b9bcc6") +
        when(t === 0, move(300, 240, 1.3, rider), person(160, 290, 1.3, "#118ab2", "right")) +
        when(t === 1, move(360, 240, 1.3, rider),
            times(4, (i) => line(`M${200 - i * 12} ${190 + i * 24} h-90`, "#fff", 4)),
            person(90, 290, 1.2, "#118ab2", "up")) +
        when(t === 2, shape("M0 360 V200 Q60 330 220 340 H640 V360 Z", "#8d93a6"),
            turn(360, 150, -24, move(0, 0, 1.3, rider)),
            times(5, (i) => line(`M${230 - i * 30} ${250 + i * 12} l-30 20`, "#fff", 4)),
            person(560, 308, 1.1, "#118ab2", "up"), person(500, 312, 1, "#ef476f", "up"))
    );
}

export function owl(day, t) {
    const lamp = (i, lit, colour) => circle(320, 152 + i * 66, 26, lit ? colour : "#3b3f4a") +
        when(lit, circle(320, 152 + i * 66, 42, colour, 'opacity="0.25"'));
    const bird = (x, y, s) =>
        move(x, y, s, oval(0, 0, 38, 46, "#8a6240"), oval(0, 12, 24, 30, "#d9b98a"),
            shape("M-34 -28 L-36 -62 L-8 -44 Z M34 -28 L36 -62 L8 -44 Z", "#8a6240"),
            circle(-15, -22, 17, "#f4e3c1"), circle(15, -22, 17, "#f4e3c1"), circle(-15, -22, 9, "#f4a300"),
            circle(15, -22, 9, "#f4a300"), circle(-15, -22, 5, "#111"), circle(15, -22, 5, "#111"),
            shape("M-6 -12 h12 l-6 12 z", "#e07a1f"),
            times(6, (i) => line(`M${-14 + (i % 3) * 14} ${8 + Math.floor(i / 3) * 14} q4 6 8 0`,
                "#8a6240", 2)), line("M-12 46 v8 M12 46 v8", "#e07a1f", 5));
    return (
        sky(NIGHT) + sun(NIGHT, 540, 60) +
        times(6, (i) => rect(i * 115 - 20, 90 + chance(i, 4) * 90, 92, 200, "#1b2447") +
                times(6, (k) => rect(i * 115 - 6 + (k % 3) * 26, 190 + Math.floor(k / 3) * 30, 12, 16,
                    chance(i * 6 + k) > 0.5 ? "#ffd166" : "#2c376a"))) +
        rect(0, 280, 640, 80, "#2b2d38") +
        times(6, (i) => rect(60 + i * 100, 300, 50, 60, "#e5e5e5", 'opacity="0.6"')) +
        rect(310, 320, 20, 60, "#222") + rect(276, 112, 88, 212, "#15181f", 'rx="18"') +
        lamp(0, t === 0, "#ff4d4d") + lamp(1, t === 1, "#ffc933") + lamp(2, t === 2, "#3ddc84") +
        bird(320, 76, 0.8) +
        when(t > 0,
            times(8, (i) => line(`M${282 + i * 11} 110 l${(i % 2 ? 8 : -6)} -10`, "#8a6240", 4))) +
        when(t > 1, bird(276, 92, 0.36), bird(366, 92, 0.36))
    );
}

export function turtles(day, t) {
    const baby = (x, y, a) =>
        turn(x, y, a, oval(16, -12, 10, 5, "#6a994e"), oval(16, 12, 10, 5, "#6a994e"),
            oval(-14, -12, 8, 4, "#6a994e"), oval(-14, 12, 8, 4, "#6a994e"), circle(24, 0, 8, "#6a994e"),
            oval(0, 0, 21, 16, "#386641"),
            line("M-10 0 h20 M0 -12 v24 M-8 -10 l6 20 M8 -10 l-6 20", "#a7c957", 2),
            circle(27, -3, 1.6, "#111"), circle(27, 3, 1.6, "#111"));
    return (
        sky(DUSK) + sun(DUSK, 500, 70) + rect(0, 120, 640, 90, "#2f86b5") +
        shape("M0 196 Q160 176 320 200 T640 190 V230 H0 Z", "#fff", 'opacity="0.85"') + sand(222) +
        palm(60, 230, 0.9) +
        oval(120, 320, 60, 18, "#d3b774") +
        times(5, (i) => circle(90 + i * 15, 314 + (i % 2) * 8, 9, "#fffaf0")) +
        times([2, 5, 9][t], (i) => {
            const x = 200 + (i % 3) * 140 + t * 14;
            const y = 330 - Math.floor(i / 3) * 44 - (i % 2) * 16;
            return line(`M${x - 26} ${y + 4} Q${x - 60} ${y + 20} 140 320`, "#c9a85c", 6,
                'stroke-dasharray="3 9"') + baby(x, y, -22 + chance(i) * 12);
        }) + when(t === 2, baby(520, 214, -30),
            times(3, (i) => line(`M${500 + i * 20} 198 l4 -14`, "#fff", 3)))
    );
}

export function snail(day, t) {
    const x = [150, 320, 500][t];
    const slow = move(
        x, 296, 1.3, shape("M-70 14 Q-20 -10 40 -6 Q66 -10 62 14 Z", "#d9b382"),
        line("M52 -4 q4 -24 -2 -40 M60 -2 q14 -20 18 -36", "#d9b382", 5), circle(50, -46, 6, "#fff"),
        circle(78, -40, 6, "#fff"),
        circle(52, -46, 3, "#111"), circle(80, -40, 3, "#111"), circle(-10, -24, 36, "#bc6c25"),
        circle(-8, -22, 25, "#dda15e"), circle(-6, -21, 14, "#bc6c25"), circle(-5, -20, 5, "#dda15e"),
        rect(-24, -36, 30, 22, "#fff", 'rx="3"'), star(-9, -25, 8, "#e63946"),
        line("M40 -22 h26", "#e63946", 6),
    );
    const gate = (at, a, b) => rect(at - 4, 110, 8, 190, "#555") + rect(at + 120, 110, 8, 190, "#555") +
        times(24,
            (i) => rect(at + (i % 12) * 10.4, 104 + Math.floor(i / 12) * 14, 10.4, 14,
                (i + Math.floor(i / 12)) % 2 ? a : b));
    return (
        sky(day) + sun(day, 80, 60) +
        times(6, (i) => rect(i * 118 - 30, 120 + chance(i, 8) * 60, 90, 150, day.far)) +
        rect(0, 256, 640, 110, "#6c6f7d") + line("M0 344 H640", "#fff", 4, 'stroke-dasharray="34 22"') +
        times(9, (i) => person(30 + i * 72, 250, 0.8, SHIRTS[i % 8], i % 2 ? "up" : "out")) +
        when(t === 0, gate(60, "#2a9d8f", "#fff"),
            times(3, (i) => person(450 + i * 70, 316, 1.3, SHIRTS[i], "out"), 1)) +
        when(t === 2, gate(500, "#111", "#fff")) +
        line(`M0 316 Q${x / 2} 306 ${x - 90} 314`, "#e8f4fa", 9, 'opacity="0.5"') + slow
    );
}

export function cowPool(day, t) {
    const cow = move(
        330, 216, 1.25, oval(-10, 0, 84, 46, "#fff"),
        shape("M-60 -28 q30 -18 44 6 q-10 30 -40 18 z M10 6 q34 -20 46 10 q-20 26 -44 14 z", "#2b2b2b"),
        oval(78, -50, 34, 30, "#fff"),
        shape("M50 -74 q-8 16 4 30 q14 -6 12 -30 z", "#2b2b2b"), oval(96, -36, 24, 17, "#f7b5b5"),
        circle(90, -36, 3, "#8d4b4b"), circle(104, -36, 3, "#8d4b4b"), eyes(82, -58, 22, 6, 1, 1),
        shape("M54 -78 q-8 -18 4 -24 q0 14 8 20 z M92 -78 q10 -16 0 -24 q-2 14 -10 18 z", "#e6d3a3"),
        oval(44, -62, 14, 7, "#fff"), line("M-90 -10 q-30 -10 -24 -50", "#fff", 7),
        when(t > 0, rect(64, -68, 20, 13, "#111", 'rx="4"'), rect(90, -68, 18, 13, "#111", 'rx="4"'),
            line("M60 -66 H110", "#111", 3)),
        when(t > 1, oval(-4, 18, 100, 26, "none", 'stroke="#ff5d8f" stroke-width="22"'),
            times(6, (i) => oval(-88 + i * 34, 38 - Math.abs(2.5 - i) * 6, 7, 9, "#fff"))),
    );
    return (
        field(day) + house(90, 262, 1.2, "#d62828", "#7f1d1d", "#fff") +
        times(9, (i) => rect(200 + i * 54, 226, 8, 40, "#fff")) + rect(200, 236, 440, 6, "#fff") +
        tree(590, 258, 0.9) +
        oval(330, 310, 300, 56, "#e9ecef") + oval(330, 308, 280, 46, "#4cc9f0") + cow +
        shape("M60 310 a280 46 0 0 0 540 0 q-90 -30 -150 -8 q-60 -24 -130 0 q-70 -22 -120 0 q-70 -24 " +
            "-140 8 z", "#4cc9f0", 'opacity="0.92"') +
        times(6, (i) => line(`M${90 + i * 80} ${320 + (i % 2) * 14} q12 -8 24 0 q12 8 24 0`, "#fff", 3,
            'opacity="0.7"')) +
        when(t === 0,
            times(7, (i) => line(`M${210 + i * 12} ${220 - (i % 3) * 20} q-10 -10 -8 -22`, "#4cc9f0", 6))) +
        when(t > 0, person(120, 280, 1.2, "#f77f00", "up"))
    );
}
