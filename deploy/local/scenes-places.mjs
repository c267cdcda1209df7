// Sample scenes of places and journeys: (day, t) → SVG, t = 0, 1, 2 being how far the video has got. A
// scene hints at its title, later frames more, and never holds its words.

import {
    DUSK, GROUND, NIGHT, SHIRTS, STORM, WIDTH, chance, circle, clock, cloud, fade, field, flame, ground,
    hills, line, move, oval, palm, person, rain, rect, sand, sea, shape, sky, steam, sun, times, tree, turn,
    when,
} from "./drawing.mjs";

export function lighthouse(day, t) {
    const x = 420;
    return (
        sky(day) +
        cloud(120, 80, 0.9) +
        sea(day, 230) +
        shape("M280 260 Q340 190 420 206 Q540 200 600 280 L640 360 L250 360 Z", "#5d5a63") +
        (day.dark
                ? shape(
                    `M${x} 78 L-20 ${20 + t * 20} L-20 ${170 + t * 20} Z`, day.light, 'opacity="0.45"',
                )
                : "") +
        shape(`M${x - 30} 212 L${x - 20} 96 L${x + 20} 96 L${x + 30} 212 Z`, "#f8f4ec") +
        times(3, (i) =>
                shape(`M${x - 28 + i * 3} ${190 - i * 38} h${56 - i * 6} l-2 -18 h-${52 - i * 6} ` +
                    `z`, "#d1495b"),
        ) +
        rect(x - 16, 64, 32, 32, day.light) +
        shape(`M${x - 22} 64 L${x} 40 L${x + 22} 64 Z`, "#7a2e3a") +
        rect(x - 26, 94, 52, 6, "#33384d") +
        person(x + 2, 92, 0.5, "#118ab2", t ? "up" : "down") +
        clock(120, 250, 62, [6, 2, 11][t], [0, 20, 55][t]) +
        line("M200 180 A110 110 0 0 0 40 176", "#fff", 4, 'stroke-dasharray="2 10"') +
        circle(200, 184, 12, "#ffd166") +
        circle(40, 180, 12, "#e9ecf5") +
        circle(45, 177, 10, day.top)
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
                circle(240 - chance(i, 5) * 40, y - 10 - i * 12, 3 + chance(i) * 4, "#d9f5ff"),
        ) +
        times(3, (i) =>
                move(
                    90 + i * 190, 200 + chance(i, 8) * 110, 0.8, oval(0, 0, 22, 10, "#ffd6a5"),
                    shape("M-20 0 l-16 -10 v20 z", "#ffd6a5"), circle(12, -2, 2.2, "#222"),
                ),
        )
    );
}

export function balloon(day, t) {
    const one = (x, y, s, colours) =>
        move(
            x, y, s, circle(0, 0, 62, colours[0]), oval(0, 0, 38, 62, colours[1]),
            oval(0, 0, 14, 62, colours[0]), shape("M-40 48 L-14 92 h28 L40 48 Z", colours[0]),
            line("M-14 92 v18 M14 92 v18", "#6b4226", 2), rect(-16, 108, 32, 24, "#8d5b34", 'rx="4"'),
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
        person(220 + t * 20, 300, 0.9, "#2a9d8f", t ? "up" : "out") +
        when(t > 0, clock(70, 300, 34, t * 5, 10)) +
        person(270 + t * 24, 306, 0.9, "#8338ec", t > 1 ? "up" : "down")
    );
}

export function snowCactus(day, t) {
    const cactus = (x, y, s) =>
        move(
            x, y, s, rect(-14, -110, 28, 112, "#3a7d44", 'rx="14"'),
            rect(-48, -72, 18, 44, "#3a7d44", 'rx="9"'), rect(-44, -44, 36, 16, "#3a7d44", 'rx="8"'),
            rect(30, -92, 18, 50, "#3a7d44", 'rx="9"'), rect(8, -58, 36, 16, "#3a7d44", 'rx="8"'),
            oval(0, -110, 16, 8, "#fff"), oval(-39, -72, 10, 5, "#fff"), oval(39, -92, 10, 5, "#fff"),
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
            310, 300, 1, oval(0, 0, 44, 10, "#fff"), oval(0, -16, 30, 14, "#eee"),
            shape("M-28 -20 l-12 -22 l20 8 z M28 -20 l12 -22 l-20 8 z", "#b98b5e"),
        ) +
        times(45 + t * 30, (i) =>
                circle(chance(i, 2) * WIDTH, chance(i, 6) * 330, 1.8 + chance(i, 7) * 3, "#fff"),
        )
    );
}

export function tinyHouse(day, t) {
    const storm = {
        top: "#2c3345", low: "#6b7488", ground: "#4b5d3a", far: "#3a4256", light: "#fff3b0", dark: false,
    };
    return (
        sky(storm) +
        hills(storm) +
        ground(storm) +
        move(
            250, 270, 0.9, circle(-10, 6, 16, "#22223b"), circle(90, 6, 16, "#22223b"),
            rect(-60, -96, 200, 96, "#b08968", 'rx="4"'), shape("M-76 -96 L40 -150 L156 -96 Z", "#7f5539"),
            rect(-36, -70, 44, 40, "#ffe08a"), rect(70, -74, 40, 74, "#5e3c26"),
            rect(110, -140, 18, 40, "#6d6875"),
        ) +
        times(4, (i) =>
                move(
                    60 + i * 180, 52 + (i % 2) * 20, 1.5, oval(0, 0, 60, 20, "#1f2533"),
                    circle(18, -14, 24, "#1f2533"),
                ),
        ) +
        times(60, (i) =>
                line(
                    `M${chance(i, 1) * 660} ${chance(i, 3) * 340} l-${8 + t * 7} 22`, "#bcd4ee", 2,
                    'opacity="0.6"',
                ),
        ) +
        (t > 0 ? shape("M480 60 l-34 78 h24 l-22 66 l66 -92 h-26 l24 -52 z", "#ffe066") : "") +
        move(
            540, 286, 1, rect(-6, -90, 12, 92, "#5e4630"), `<g transform="rotate(${12 + t * 14})">`,
            oval(10, -106, 46, 40, "#3f6b3a"), "</g>",
        )
    );
}

export function cableCar(day, t) {
    const cabin = (x, y, s) =>
        move(x, y, s, line("M0 -70 V-30", "#333", 5), circle(0, -70, 9, "#333"),
            rect(-62, -32, 124, 78, "#e63946", 'rx="14"'), rect(-62, 18, 124, 10, "#fff"),
            times(3, (i) => rect(-52 + i * 36, -20, 30, 32, "#cdeffc", 'rx="4"')),
            times(3, (i) => circle(-37 + i * 36, -4, 8, ["#c98f62", "#8d5a3b", "#f0c8a0"][i]) +
                    rect(-45 + i * 36, 2, 16, 11, SHIRTS[i])));
    return (
        sky(day) + sun(day, 90, 60) +
        shape("M430 360 V150 Q470 40 540 60 Q620 80 640 200 V360 Z", day.far) +
        shape("M470 120 Q510 50 560 66 Q520 90 500 150 Z", "#fff", 'opacity="0.25"') +
        rect(520, 36, 60, 34, "#f4f1de") + shape("M510 36 L550 14 L590 36 Z", "#bc6c25") +
        line("M-10 250 Q300 150 552 40", "#333", 4) +
        when(t < 2, cabin([120, 300][t], [238, 206][t] + 6, [0.9, 1.2][t])) +
        when(t === 2, cabin(330, 196, 1.6)) +
        times(7, (i) => cloud(20 + i * 104, 336 - (i % 2) * 26, 1.5)) + rect(0, 346, 640, 20, "#fff") +
        when(t > 0, cloud(180, 300, 1),
            move(500, 180, 1,
                line("M0 0 q8 -10 16 0 q8 -10 16 0 M40 -20 q6 -8 12 0 q6 -8 12 0", "#33384d", 3)))
    );
}

export function nightBus(day, t) {
    const bus = (x, y, s) =>
        move(x, y, s, shape("M-150 0 l-500 0 v-4 z", "none"),
            shape("M150 -30 L330 -60 V30 H150 Z", "#fff3b0", 'opacity="0.35"'),
            rect(-150, -110, 300, 106, "#f4a300", 'rx="16"'), rect(-150, -40, 300, 10, "#7f4f00"),
            times(5, (i) => rect(-136 + i * 46, -96, 38, 42, "#ffe8a3", 'rx="5"')),
            rect(98, -96, 44, 82, "#ffe8a3", 'rx="5"'), line("M120 -96 V-14", "#7f4f00", 4),
            circle(-90, 0, 24, "#15161c"), circle(80, 0, 24, "#15161c"),
            circle(-90, 0, 10, "#888"), circle(80, 0, 10, "#888"), circle(144, -26, 8, "#fff"),
            person(-20, -50, 0.8, SHIRTS[0], "down"), when(t < 2, person(-110, -50, 0.8, SHIRTS[1])),
            when(t < 1, person(30, -50, 0.8, SHIRTS[3]), person(-66, -50, 0.8, SHIRTS[4])));
    return (
        sky(NIGHT) + sun(NIGHT, 80, 70) +
        (t < 2 ? times(8 - t * 5, (i) => rect(i * 84, 130 + chance(i, 3) * 70, 66, 140, "#1a2146") +
                times(6, (k) => rect(i * 84 + 8 + (k % 3) * 18, 200 + Math.floor(k / 3) * 24, 9, 12,
                    chance(k + i * 6) > 0.6 ? "#ffd166" : "#28315f"))) : hills(NIGHT)) +
        rect(0, 264, 640, 100, "#22242e") + line("M0 320 H640", "#ffe9a8", 4, 'stroke-dasharray="30 24"') +
        bus([230, 250, 240][t], 300, 1.05) +
        when(t > 0, rect(520, 130, 8, 180, "#adb5bd"), circle(524, 120, 34, "#457b9d"),
            rect(504, 108, 40, 24, "#fff", 'rx="4"'), rect(508, 112, 32, 9, "#457b9d"),
            circle(512, 134, 4, "#fff"), circle(536, 134, 4, "#fff")) +
        when(t === 2, shape("M560 312 v-60 h60 v60 M570 252", "#3a3f55"),
            line("M560 250 h64", "#8d99ae", 6), line("M600 334 l30 -30 m0 30 l-30 -30", "#e63946", 8),
            rect(590, 290, 50, 8, "#fff", 'opacity="0.2"'))
    );
}

export function iceCream(day, t) {
    const hot = day.dark ? DUSK : day;
    const truck = move(
        300 - t * 30, 292, 1.15 + t * 0.1, rect(-120, -104, 160, 100, "#ffc8dd", 'rx="10"'),
        shape("M40 -4 v-78 h40 l34 40 v38 z", "#ffafcc"), shape("M52 -72 h24 l22 30 h-46 z", "#cdeffc"),
        rect(-96, -84, 96, 40, "#fff8e7", 'rx="4"'),
        times(6, (i) => shape(`M${-104 + i * 19} -92 h19 v14 q-9 12 -19 0 z`, i % 2 ? "#fff" : "#ef476f")),
        circle(-74, 0, 23, "#333"), circle(70, 0, 23, "#333"), circle(-74, 0, 9, "#ddd"),
        circle(70, 0, 9, "#ddd"),
        shape("M-60 -104 l20 -50 h0 l20 50 z", "none"),
        turn(-40, -108, 0, shape("M-16 -30 L0 6 L16 -30 Z", "#d9a066"), circle(0, -40, 20, "#fff"),
            circle(-8, -52, 12, "#ff8fab"), circle(8, -54, 12, "#8d5b34"), circle(0, -70, 5, "#e63946")),
        rect(-88, -78, 16, 28, "#b8e0d2"), rect(-64, -78, 16, 28, "#eac4d5"),
        person(-26, -46, 0.7, "#118ab2"),
        when(t === 2, times(4, (i) => rect(-110 + i * 44, -8, 8, 12 + i * 5, "#ffc8dd", 'rx="4"'))),
    );
    const bones = move(110, 320, 1, oval(0, 0, 22, 16, "#fff"), circle(-8, -2, 4, "#333"),
        circle(8, -2, 4, "#333"), line("M-20 -8 q-16 -4 -18 -18 M20 -8 q16 -4 18 -18", "#f1e3c6", 5));
    return (
        sky(hot) + sun(hot, 540, 66) + circle(540, 66, 70, hot.light, 'opacity="0.25"') +
        shape("M0 240 Q140 170 300 236 Q460 160 640 230 V360 H0 Z", "#d98e4a") + sand(262, "#f0b86a") +
        bones +
        when(t > 0, times(4, (i) => line(`M${30 + i * 12} ${338 - i * 4} h120`, "#d9944e", 5))) + truck +
        when(t > 0,
            move(560, 300, 1, rect(-10, -80, 20, 82, "#3a7d44", 'rx="10"'),
                rect(-34, -56, 12, 30, "#3a7d44", 'rx="6"'), rect(-34, -34, 30, 11, "#3a7d44", 'rx="5"'),
                rect(20, -64, 12, 34, "#3a7d44", 'rx="6"'), rect(4, -38, 28, 11, "#3a7d44", 'rx="5"'))) +
        when(t === 2,
            move(500, 290, 0.9, oval(0, -30, 46, 26, "#c68642"), oval(-16, -56, 16, 18, "#c68642"),
                oval(18, -56, 16, 18, "#c68642"),
                line("M-34 -20 V24 M-14 -16 V24 M16 -16 V24 M34 -20 V24", "#c68642", 8),
                line("M44 -34 Q70 -30 64 -76", "#c68642", 12), oval(72, -80, 18, 11, "#c68642"),
                circle(72, -84, 2.4, "#222")))
    );
}

export function campfire(day, t) {
    const log = (a) => turn(330, 300, a, rect(-46, -6, 92, 13, "#6b4226", 'rx="6"'));
    return (
        sky(NIGHT) + circle(460, 84, 76, NIGHT.light, 'opacity="0.2"') + circle(460, 84, 54, NIGHT.light) +
        circle(444, 74, 9, "#e3dfbb") + circle(476, 98, 12, "#e3dfbb") + circle(470, 64, 6, "#e3dfbb") +
        sea(NIGHT, 190) +
        times(7, (i) => oval(460, 204 + i * 9, 44 - i * 3 + (i % 2) * 14, 3, NIGHT.light,
            'opacity="0.6"')) + sand(256, "#8a7a5c") + palm(70, 280, 1.3) +
        circle(330, 270, 90 + t * 20, "#f3a638", 'opacity="0.2"') + log(14) + log(-14) +
        flame(330, 300, 0.9 + t * 0.35) + when(t > 0, flame(304, 302, 0.6), flame(358, 302, 0.7)) +
        times(5 + t * 4, (i) => circle(300 + chance(i, 9) * 70, 220 - chance(i, 10) * 130, 2, "#ffd166")) +
        when(t > 0, person(210, 306, 1.2, "#e63946", "right"), line("M256 256 L312 272", "#6b4226", 3),
            rect(306, 264, 14, 12, "#fff", 'rx="4"')) +
        when(t > 1, person(470, 306, 1.2, "#2a9d8f"),
            move(470, 300, 1,
                shape("M-40 -22 q18 -14 34 2 q18 -4 18 14 q-8 16 -26 8 q-22 4 -26 -24 z", "#c58c54"),
                line("M6 -10 L44 -34", "#6b4226", 5)), person(560, 300, 1.1, "#ffd166", "up"))
    );
}

export function tentRain(day, t) {
    if (t === 2) {
        return (
            field(STORM) + tree(400, 262, 1.3, "#2f5d3a") + tree(230, 256, 0.8, "#2f5d3a") + rain(130) +
            shape("M0 0 H640 V360 H500 L320 100 L140 360 H0 Z", "#c9772b") +
            shape("M320 0 L0 330 V360 H140 L320 100 L500 360 H640 V330 Z", "#e08e3c") +
            line("M320 0 V100", "#8a4b12", 4) +
            shape("M120 360 q20 -44 90 -40 h60 q20 0 20 40 z", "#457b9d") +
            shape("M380 360 l20 -40 h70 l20 40 z", "#6a994e") +
            line("M320 110 V150", "#333", 3) + circle(320, 164, 16, "#ffe08a") +
            circle(320, 164, 40, "#ffe08a", 'opacity="0.25"') +
            times(16, (i) => circle(70 + i * 34, 40 + chance(i, 3) * 120, 4, "#fff", 'opacity="0.45"'))
        );
    }
    return (
        field(STORM) + tree(80, 262, 1.3, "#2f5d3a") + tree(570, 262, 1.5, "#2f5d3a") +
        times(4, (i) => cloud(60 + i * 180, 46, 1.5, "#1f2533")) +
        shape("M320 130 L150 310 H490 Z", "#e08e3c") +
        shape("M320 130 L262 310 H378 Z", t ? "#ffe08a" : "#7a3f0c") +
        line("M320 130 L120 320 M320 130 L520 320", "#f4f1de", 2) +
        when(t, person(320, 290, 0.9, "#457b9d")) +
        oval(320, 326, 220, 12, "#8fb3d1", 'opacity="0.5"') + rain(110) +
        times(8, (i) => line(`M${200 + i * 34} ${236 - Math.abs(3.5 - i) * -16} l-5 -10 m5 10 l6 -9`,
            "#fff", 2))
    );
}

export function roofRain(day, t) {
    const y = [150, 130, 110][t];
    return (
        sky(STORM) + hills(STORM) + times(4, (i) => cloud(60 + i * 180, 40, 1.5, "#1f2533")) +
        rect(100, y + 50, 440, 300, "#8a6240") +
        times(9, (i) => line(`M100 ${y + 80 + i * 26} H540`, "#6b4a30", 2)) +
        shape(`M50 ${y + 70} L110 ${y - 30} H530 L590 ${y + 70} Z`, "#a9b4c2") +
        times(18,
            (i) => line(`M${118 + i * 24} ${y - 28} L${68 + i * 30.6} ${y + 68}`,
                i % 2 ? "#7b8796" : "#dfe6ee", 4)) +
        rect(230, y + 100, 130, 110, "#ffe08a", 'stroke="#5e3c26" stroke-width="9"') +
        line(`M295 ${y + 100} v110 M230 ${y + 155} h130`, "#5e3c26", 5) +
        when(t > 0, person(262, y + 186, 1, "#118ab2"), circle(330, y + 200, 10, "#e63946"),
            steam(326, y + 190, 1)) +
        rain(120, 4) +
        times(14,
            (i) => line(`M${110 + i * 32} ${y - 24 + chance(i, 2) * 70} l-6 -11 m6 11 l7 -10`, "#fff",
                2.5)) + times(8,
                    (i) => line(`M${64 + i * 72} ${y + 72} v${30 + t * 30}`, "#bcd4ee", 4,
                        'stroke-dasharray="10 9"')) +
        rect(0, 330, 640, 40, STORM.ground) +
        when(t > 1, shape("M470 280 h60 l-8 56 h-44 z", "#6c757d"), oval(500, 281, 30, 7, "#8fb3d1"))
    );
}

export function ghostTown(day, t) {
    const dusty = day.dark ? NIGHT : DUSK;
    const shop = (x, w, h, wall) =>
        rect(x, 262 - h, w, h, wall) + rect(x - 6, 254 - h, w + 12, 16, "#5e3c26") +
        rect(x + w * 0.12, 282 - h, w * 0.28, 34, "#2b2230") +
        line(`M${x + w * 0.1} ${318 - h} l${w * 0.32} -38 m-${w * 0.32} 0 l${w * 0.32} 38`, "#8a6240",
            5) + rect(x + w * 0.55, 262 - h * 0.5, w * 0.3, h * 0.5, "#2b2230");
    const spectre = (x, y, s) => fade(0.75,
        move(x, y, s,
            shape("M-26 40 V-10 a26 26 0 0 1 52 0 V40 l-9 -9 l-9 9 l-8 -9 l-8 9 l-9 -9 z", "#fff"),
            circle(-9, -10, 5, "#333"), circle(9, -10, 5, "#333"), oval(0, 6, 5, 7, "#333")));
    return (
        sky(dusty) + sun(dusty, 330, 110) + shape("M200 262 L260 150 H330 L360 262 Z", dusty.far) +
        rect(0, 258, 640, 110, "#c99a5b") + shop(10, 130, 150, "#9c7350") +
        shop(146, 96, 110, "#7d6b58") + shop(404, 100, 120, "#8f5f43") + shop(510, 130, 160, "#76604c") +
        shape("M242 360 L300 258 H370 L420 360 Z", "#dbb277") +
        move([150, 250, 470][t], 318, 1, circle(0, 0, 26, "none", 'stroke="#8a6a3a" stroke-width="4"'),
            times(6, (i) => turn(0, 0, i * 30, oval(0, 0, 25, 9, "none",
                'stroke="#8a6a3a" stroke-width="3"')))) +
        when(t === 0, spectre(180, 200, 0.7)) +
        when(t > 0,
            person(330, t === 1 ? 280 : 300, t === 1 ? 0.8 : 1.5, "#457b9d", t === 2 ? "up" : "down",
                shape("M-22 -60 h44 l-8 -4 q-2 -16 -14 -16 q-12 0 -14 16 z", "#6b4226")),
            spectre(190, 210, 0.8)) + when(t === 2, spectre(460, 190, 0.9), spectre(580, 226, 0.7))
    );
}
