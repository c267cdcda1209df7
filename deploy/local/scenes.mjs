// What each sample video shows: (day, t) → SVG, t = 0, 1, 2 being how far the video has got. A scene
// hints at its title and never holds its words.

import {
    DAYS,
    GROUND,
    HEIGHT,
    WIDTH,
    chance,
    circle,
    cloud,
    ground,
    hills,
    line,
    move,
    oval,
    peaks,
    person,
    rect,
    room,
    sea,
    shape,
    sky,
    sun,
    times,
} from "./drawing.mjs";

export function sweets(day, t) {
    const ball = (x, y) =>
        oval(x, y + 15, 24, 8, "#e9c46a") +
        circle(x, y, 20, "#4a2a1b") +
        times(9, (i) =>
            rect(
                x - 13 + (i % 3) * 11,
                y - 12 + Math.floor(i / 3) * 10,
                6,
                2.5,
                ["#8a5a3c", "#d08c60", "#f4e3cf"][i % 3],
                `transform="rotate(${i * 47} ${x} ${y})"`,
            ),
        );
    return (
        room("#f7d9c4", "#a9714b") +
        rect(60, 30, 150, 110, "#bfe3f0", 'stroke="#fff" stroke-width="10"') +
        rect(40, 238, 560, 30, "#7c4a2d", 'rx="6"') +
        (t === 0
            ? shape("M250 150 h150 l-14 84 h-122 z", "#7d8597") +
              oval(325, 150, 75, 15, "#4a2a1b") +
              line("M380 146 L450 70", "#c58c54", 9)
            : oval(325, 240, 210, 18, "#fff") +
              times(t === 1 ? 5 : 9, (i) =>
                  ball(165 + (i % 6) * 62 + (i > 5 ? 60 : 0), i > 5 ? 180 : 214),
              ))
    );
}

export function raft(day, t) {
    const x = 170 + t * 110;
    return (
        sky(day) +
        sun(day, 520, 70) +
        cloud(130, 70) +
        sea(day) +
        times(9, (i) =>
            move(
                x - 90 + i * 24,
                268,
                1,
                rect(
                    -9,
                    -12,
                    18,
                    36,
                    ["#9be0d0", "#b8e986", "#a7d3ff"][i % 3],
                    'rx="7" opacity="0.9"',
                ),
                rect(-4, -20, 8, 8, "#e76f51"),
            ),
        ) +
        rect(x - 108, 244, 220, 14, "#8d5b34", 'rx="4"') +
        rect(x - 4, 120, 7, 126, "#6b4226") +
        shape(`M${x + 6} 124 L${x + 92} 226 L${x + 6} 226 Z`, "#f4f1de") +
        person(x - 50, 216, 0.95, "#d1495b")
    );
}

export function capybara(day, t) {
    const one = (x, y, s) =>
        move(
            x,
            y,
            s,
            oval(0, 0, 74, 42, "#8b5e3c"),
            oval(72, -34, 36, 27, "#946844"),
            rect(88, -42, 26, 34, "#7b5233", 'rx="10"'),
            circle(80, -44, 3.5, "#20140c"),
            oval(56, -60, 8, 9, "#6f4a2e"),
            rect(-52, 28, 16, 28, "#6f4a2e", 'rx="6"'),
            rect(30, 28, 16, 28, "#6f4a2e", 'rx="6"'),
            line("M74 -45 q6 5 12 0", "#20140c", 2),
        );
    const note = (x, y) =>
        oval(x, y, 9, 7, "#fff3b0") + line(`M${x + 8} ${y} v-36 q10 4 14 14`, "#fff3b0", 3);
    const night = DAYS[2];
    return (
        sky(night) +
        sun(night, 110, 76) +
        hills(night) +
        ground(night) +
        oval(460, 320, 210, 34, "#345c8c") +
        one(200, 250, 1) +
        (t > 0 ? one(410, 262, 0.7) : "") +
        (t > 1 ? one(70, 282, 0.55) : "") +
        times(3 + t, (i) => note(320 + i * 58, 130 - 26 * (i % 2) - t * 8))
    );
}

export function lighthouse(day, t) {
    const x = 420;
    return (
        sky(day) +
        cloud(120, 80, 0.9) +
        sea(day, 230) +
        shape("M280 260 Q340 190 420 206 Q540 200 600 280 L640 360 L250 360 Z", "#5d5a63") +
        (day.dark
            ? shape(
                  `M${x} 78 L-20 ${20 + t * 20} L-20 ${170 + t * 20} Z`,
                  day.light,
                  'opacity="0.45"',
              )
            : "") +
        shape(`M${x - 30} 212 L${x - 20} 96 L${x + 20} 96 L${x + 30} 212 Z`, "#f8f4ec") +
        times(3, (i) =>
            shape(
                `M${x - 28 + i * 3} ${190 - i * 38} h${56 - i * 6} l-2 -18 h-${52 - i * 6} z`,
                "#d1495b",
            ),
        ) +
        rect(x - 16, 64, 32, 32, day.light) +
        shape(`M${x - 22} 64 L${x} 40 L${x + 22} 64 Z`, "#7a2e3a") +
        rect(x - 26, 94, 52, 6, "#33384d")
    );
}

export function paperBoats(day, t) {
    const boat = (x, y, s, fill) =>
        move(
            x,
            y,
            s,
            shape("M-50 0 h100 l-24 28 h-52 z", fill),
            shape("M-26 0 L0 -40 L26 0 Z", "#ffffff"),
            line("M0 -40 V0", "#c9c9c9", 2),
        );
    return (
        sky(day) +
        hills(day) +
        ground(day) +
        shape(
            "M260 260 Q330 280 200 310 Q90 340 60 360 H560 Q600 320 470 300 Q360 280 360 260 Z",
            "#4aa3d8",
        ) +
        boat(310 - t * 25, 282 + t * 18, 0.5 + t * 0.3, "#ef476f") +
        boat(380 + t * 20, 300 + t * 8, 0.5 + t * 0.2, "#ffd166") +
        boat(250 + t * 10, 322, 0.6 + t * 0.1, "#06d6a0") +
        times(6, (i) => rect(30 + i * 30, 236 - chance(i, 9) * 40, 6, 60, "#5b7f3a", 'rx="3"'))
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
            180 + t * 130,
            300 - t * 28,
            0.95,
            `<g transform="rotate(-11)">`,
            wheel(-48),
            wheel(48),
            line(
                "M-48 0 L-10 -46 L34 -46 L0 0 L-48 0 M0 0 L-10 -46 M48 0 L34 -46 L30 -62 l14 -4",
                "#e63946",
                5,
            ),
            line("M-22 -52 h22", "#22223b", 6),
            circle(0, 0, 9, "#22223b"),
            line("M-10 -56 L6 -96 L34 -64", "#2a9d8f", 13),
            circle(12, -112, 13, "#c98f62"),
            shape("M-3 -114 a15 15 0 0 1 30 0 z", "#ffb703"),
            line("M-8 -54 L12 -22 L0 6", "#33384d", 9),
            "</g>",
        )
    );
}

export function deepLake(day, t) {
    const deep = ["#5fc4d8", "#2f8fb8", "#1b5f93", "#123c6b", "#0a2347"];
    const y = 130 + t * 72;
    return (
        sky(day) +
        rect(0, 0, WIDTH, 70, day.low) +
        times(5, (i) => rect(0, 70 + i * 58, WIDTH, 60, deep[i])) +
        times(5, (i) => line(`M20 ${70 + i * 58} h${40 - (i % 2) * 18}`, "#ffffff", 3)) +
        line(`M320 66 V${y - 30}`, "#f1faee", 2) +
        shape("M270 58 h100 l-16 22 h-68 z", "#d62828") +
        oval(320, y, 58, 28, "#ffbe0b") +
        circle(344, y, 14, "#cdeffc", 'stroke="#33384d" stroke-width="4"') +
        rect(306, y - 42, 20, 16, "#ffbe0b") +
        shape(`M262 ${y} l-22 -16 v32 z`, "#fb8500") +
        shape(`M378 ${y} l160 -50 v100 z`, "#fff6c2", 'opacity="0.25"') +
        times(8, (i) =>
            circle(
                240 - chance(i, 5) * 40,
                y - 10 - i * 12,
                3 + chance(i) * 4,
                "#d9f5ff",
                'opacity="0.7"',
            ),
        ) +
        times(3, (i) =>
            move(
                90 + i * 190,
                200 + chance(i, 8) * 110,
                0.8,
                oval(0, 0, 22, 10, "#ffd6a5"),
                shape("M-20 0 l-16 -10 v20 z", "#ffd6a5"),
                circle(12, -2, 2.2, "#222"),
            ),
        )
    );
}

export function balloon(day, t) {
    const one = (x, y, s, colours) =>
        move(
            x,
            y,
            s,
            circle(0, 0, 62, colours[0]),
            oval(0, 0, 38, 62, colours[1]),
            oval(0, 0, 14, 62, colours[0]),
            shape("M-40 48 L-14 92 h28 L40 48 Z", colours[0]),
            line("M-14 92 v18 M14 92 v18", "#6b4226", 2),
            rect(-16, 108, 32, 24, "#8d5b34", 'rx="4"'),
        );
    return (
        sky(day) +
        sun(day, 560, 60) +
        hills(day) +
        ground(day) +
        cloud(110, 150, 0.8) +
        cloud(470, 190, 0.7) +
        one(320, 190 - t * 45, 1.1 - t * 0.2, ["#e63946", "#ffd166"]) +
        (t < 2 ? one(120, 90, 0.35, ["#457b9d", "#a8dadc"]) : "") +
        person(220 + t * 20, 300, 0.7, "#2a9d8f") +
        person(260 + t * 24, 306, 0.7, "#f4a261")
    );
}

export function trainNoodles(day, t) {
    return (
        rect(0, 0, WIDTH, HEIGHT, "#6d4c41") +
        `<svg x="60" y="30" width="520" height="170" viewBox="${t * 70} 60 500 220">${sky(day)}${peaks(day)}` +
        `${ground(day)}${times(8, (i) => rect(i * 90 + t * 30, 190, 7, 100, "#5d4037"))}</svg>` +
        rect(60, 30, 520, 170, "none", 'stroke="#d7ccc8" stroke-width="14" rx="22"') +
        rect(0, 250, WIDTH, 110, "#a1887f") +
        rect(0, 246, WIDTH, 10, "#d7ccc8") +
        shape("M230 226 h190 q-6 84 -60 92 h-70 q-54 -8 -60 -92 z", "#e63946") +
        oval(325, 226, 95, 20, "#ffe8b3") +
        times(7, (i) => line(`M${255 + i * 22} 226 q8 -${12 + (i % 3) * 5} 16 0`, "#f2b84b", 5)) +
        line("M350 224 L470 110 M368 226 L490 126", "#3e2723", 6) +
        circle(290, 222, 14, "#fff") +
        circle(290, 222, 7, "#ffb703") +
        times(3, (i) =>
            line(
                `M${280 + i * 40} 196 q-12 -18 0 -34 q12 -16 0 -32`,
                "#fff",
                4,
                `opacity="${0.3 + 0.2 * ((i + t) % 3)}"`,
            ),
        )
    );
}

export function football(day, t) {
    const x = 130 + t * 170;
    return (
        sky(day) +
        rect(0, 150, WIDTH, 210, "#3f9142") +
        times(6, (i) => rect(i * 120 - 40, 150, 60, 210, "#4aa84e")) +
        rect(0, 118, WIDTH, 34, "#5a6378") +
        times(60, (i) =>
            circle(
                8 + i * 10.7,
                126 + (i % 3) * 8,
                3.4,
                ["#ffd166", "#ef476f", "#fff", "#118ab2"][i % 4],
            ),
        ) +
        line("M320 152 V360", "#fff", 3) +
        oval(320, 256, 90, 50, "none", 'stroke="#fff" stroke-width="3"') +
        line("M560 230 V152 H640 M560 152 l40 -14 h40", "#fff", 5) +
        times(7, (i) => line(`M${566 + i * 11} 152 V230`, "#fff", 1, 'opacity="0.6"')) +
        person(150, 280, 1.1, "#ffd60a") +
        person(430, 230, 0.8, "#1d3557") +
        person(520, 300, 0.9, "#1d3557") +
        line(
            `M190 306 Q${(190 + x) / 2} ${150 - t * 30} ${x + 80} ${240 - t * 30}`,
            "#fff",
            2,
            'stroke-dasharray="5 9"',
        ) +
        circle(x + 80, 240 - t * 30, 12, "#fff", 'stroke="#222" stroke-width="2"') +
        circle(x + 80, 240 - t * 30, 4, "#222")
    );
}

/** The same pitch with the referee's cards: another part of the series. */
export function footballCards(day, t) {
    return (
        football(day, t) +
        move(320, 318, 1.5, person(0, 0, 1, "#222"), line("M10 -32 L34 -70", "#222", 7)) +
        rect(360, 178, 22, 32, ["#ffd60a", "#ffd60a", "#e63946"][t], 'rx="3"')
    );
}

export function robotArm(day, t) {
    const cup = (x, y, fill) => shape(`M${x - 24} ${y} h48 l-8 46 h-32 z`, fill);
    const tip = [
        [250, 120],
        [380, 96],
        [430, 130],
    ][t];
    return (
        room("#e8ecf3", "#b5bccb") +
        rect(40, 30, 560, 150, "#d5dcea", 'rx="10"') +
        times(10, (i) => rect(60 + i * 54, 48, 30, 6, "#b8c3d9")) +
        rect(30, 262, 580, 22, "#8d99ae", 'rx="5"') +
        rect(110, 214, 90, 48, "#3d405b", 'rx="8"') +
        line(`M155 216 L190 120 L${tip[0]} ${tip[1]}`, "#f77f00", 22, 'stroke-linejoin="round"') +
        circle(155, 216, 18, "#3d405b") +
        circle(190, 120, 15, "#3d405b") +
        line(`M${tip[0]} ${tip[1]} v22 m-18 0 h36 m-36 0 v22 m36 -22 v22`, "#3d405b", 7) +
        cup(tip[0], tip[1] + 30, "#e63946") +
        times([2, 4, 5][t], (i) =>
            cup(
                [400, 460, 430, 520, 490][i],
                [216, 216, 170, 216, 170][i],
                ["#2a9d8f", "#457b9d", "#ffb703", "#8338ec", "#fb5607"][i],
            ),
        )
    );
}

export function snowCactus(day, t) {
    const cactus = (x, y, s) =>
        move(
            x,
            y,
            s,
            rect(-14, -110, 28, 112, "#3a7d44", 'rx="14"'),
            rect(-48, -72, 18, 44, "#3a7d44", 'rx="9"'),
            rect(-44, -44, 36, 16, "#3a7d44", 'rx="8"'),
            rect(30, -92, 18, 50, "#3a7d44", 'rx="9"'),
            rect(8, -58, 36, 16, "#3a7d44", 'rx="8"'),
            oval(0, -110, 16, 8, "#fff"),
            oval(-39, -72, 10, 5, "#fff"),
            oval(39, -92, 10, 5, "#fff"),
        );
    return (
        sky(day) +
        sun(day, 540, 70) +
        shape(`M0 ${GROUND} Q160 200 330 250 Q500 190 640 ${GROUND} Z`, "#c97b4a") +
        rect(0, GROUND, WIDTH, 100, t === 0 ? "#d89a63" : "#f3f6fa") +
        cactus(170, 286, 1.2) +
        cactus(430, 274, 0.8) +
        (t > 1 ? cactus(560, 300, 1) : "") +
        move(
            310,
            300,
            1,
            oval(0, 0, 44, 10, "#fff"),
            oval(0, -16, 30, 14, "#eee"),
            shape("M-28 -20 l-12 -22 l20 8 z M28 -20 l12 -22 l-20 8 z", "#b98b5e"),
        ) +
        times(45 + t * 30, (i) =>
            circle(chance(i, 2) * WIDTH, chance(i, 6) * 330, 1.8 + chance(i, 7) * 3, "#fff"),
        )
    );
}

export function tinyHouse(day, t) {
    const storm = {
        top: "#2c3345",
        low: "#6b7488",
        ground: "#4b5d3a",
        far: "#3a4256",
        light: "#fff3b0",
        dark: false,
    };
    return (
        sky(storm) +
        hills(storm) +
        ground(storm) +
        move(
            250,
            270,
            0.9,
            circle(-10, 6, 16, "#22223b"),
            circle(90, 6, 16, "#22223b"),
            rect(-60, -96, 200, 96, "#b08968", 'rx="4"'),
            shape("M-76 -96 L40 -150 L156 -96 Z", "#7f5539"),
            rect(-36, -70, 44, 40, "#ffe08a"),
            rect(70, -74, 40, 74, "#5e3c26"),
            rect(110, -140, 18, 40, "#6d6875"),
        ) +
        times(4, (i) =>
            move(
                60 + i * 180,
                52 + (i % 2) * 20,
                1.5,
                oval(0, 0, 60, 20, "#1f2533"),
                circle(18, -14, 24, "#1f2533"),
            ),
        ) +
        times(60, (i) =>
            line(
                `M${chance(i, 1) * 660} ${chance(i, 3) * 340} l-${8 + t * 7} 22`,
                "#bcd4ee",
                2,
                'opacity="0.6"',
            ),
        ) +
        (t > 0 ? shape("M480 60 l-34 78 h24 l-22 66 l66 -92 h-26 l24 -52 z", "#ffe066") : "") +
        move(
            540,
            286,
            1,
            rect(-6, -90, 12, 92, "#5e4630"),
            `<g transform="rotate(${12 + t * 14})">`,
            oval(10, -106, 46, 40, "#3f6b3a"),
            "</g>",
        )
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
            26,
            (i) =>
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

export function telescope(day, t) {
    const night = DAYS[2];
    return (
        sky(night) +
        times(60, (i) =>
            circle(chance(i, 11) * 420, chance(i, 12) * 220, 1 + chance(i, 13) * 1.4, "#fff"),
        ) +
        (t > 0
            ? circle(110, 84, 40, "#e9d8a6") +
              oval(110, 84, 74, 14, "none", 'stroke="#ca9a5b" stroke-width="7"')
            : "") +
        ground(night) +
        rect(520, 70, 10, 240, "#555b6e") +
        line("M525 74 q-10 -30 -60 -26", "#555b6e", 9) +
        shape("M466 52 L340 330 H590 Z", "#ffd166", `opacity="${0.55 - t * 0.2}"`) +
        oval(464, 50, 24, 9, "#fff3b0") +
        move(
            250,
            300,
            1.1,
            line("M0 -70 L-36 0 M0 -70 L36 0 M0 -70 L4 4", "#8d99ae", 6),
            `<g transform="rotate(-38 0 -72)">`,
            rect(-96, -92, 150, 38, "#e5e5e5", 'rx="6"'),
            rect(-112, -96, 30, 46, "#3d405b", 'rx="5"'),
            rect(52, -82, 34, 18, "#3d405b"),
            "</g>",
        ) +
        person(345, 300, 1, "#7b2cbf")
    );
}

export function kites(day, t) {
    const kite = (x, y, s, a, b) =>
        move(
            x,
            y,
            s,
            shape("M0 -44 L30 0 L0 56 L-30 0 Z", a),
            shape("M0 -44 L30 0 L0 0 Z M0 56 L-30 0 L0 0 Z", b),
            line("M0 56 q-14 18 0 34 q14 18 0 36 q-12 16 0 30", b, 3),
        );
    const colours = [
        ["#ef476f", "#ffd166"],
        ["#118ab2", "#06d6a0"],
        ["#f77f00", "#fcbf49"],
        ["#8338ec", "#ff99c8"],
    ];
    return (
        sky(day) +
        cloud(500, 60) +
        cloud(90, 110, 0.8) +
        hills(day) +
        ground(day) +
        times(
            2 + t,
            (i) =>
                line(
                    `M${190 + i * 85} 268 Q${200 + i * 90} 180 ${120 + i * 135} ${110 + (i % 2) * 34 - t * 10}`,
                    "#fff",
                    1.4,
                ) +
                kite(120 + i * 135, 90 + (i % 2) * 34 - t * 10, 0.8, ...colours[i]) +
                person(180 + i * 85, 296, 0.85, colours[i][0]),
        )
    );
}
