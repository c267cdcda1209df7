// Sample scenes of things that are built and tried: (day, t) → SVG, t = 0, 1, 2 being how far the video has
// got. A scene hints at its title, later frames more, and never holds its words.

import {
    DAYS, HEIGHT, SHIRTS, WIDTH, chance, circle, clock, cloud, dog, field, ground, line, move, note, oval,
    pane, person, rect, room, sea, shape, sky, sun, table, times, tree, turn, when,
} from "./drawing.mjs";

export function raft(day, t) {
    const x = 170 + t * 110;
    return (
        sky(day) +
        sun(day, 520, 70) +
        cloud(130, 70) +
        sea(day) +
        times(9, (i) =>
                move(
                    x - 90 + i * 24, 268, 1,
                    rect(-9, -12, 18, 36, ["#9be0d0", "#b8e986", "#a7d3ff"][i % 3], 'rx="7" opacity="0.9"'),
                    rect(-4, -20, 8, 8, "#e76f51"),
                ),
        ) +
        rect(x - 108, 244, 220, 14, "#8d5b34", 'rx="4"') +
        rect(x - 4, 120, 7, 126, "#6b4226") +
        shape(`M${x + 6} 124 L${x + 92} 226 L${x + 6} 226 Z`, "#f4f1de") +
        person(x - 50, 216, 0.95, "#d1495b", ["down", "right", "up"][t]) +
        times(4 + t * 4,
            (i) => turn(40 + ((i * 83) % 560), 318 + (i % 3) * 14, 70 + i * 31,
                rect(-8, -14, 16, 30, "#b8f2e6", 'rx="6" opacity="0.8"'), rect(-4, -22, 8, 9, "#e76f51")))
    );
}

export function robotArm(day, t) {
    const cup = (x, y, fill) => shape(`M${x - 24} ${y} h48 l-8 46 h-32 z`, fill);
    const tip = [[250, 120], [380, 96], [430, 130]][t];
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
                    [400, 460, 430, 520, 490][i], [216, 216, 170, 216, 170][i],
                    ["#2a9d8f", "#457b9d", "#ffb703", "#8338ec", "#fb5607"][i],
                ),
        )
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
            250, 300, 1.1, line("M0 -70 L-36 0 M0 -70 L36 0 M0 -70 L4 4", "#8d99ae", 6),
            `<g transform="rotate(-38 0 -72)">`, rect(-96, -92, 150, 38, "#e5e5e5", 'rx="6"'),
            rect(-112, -96, 30, 46, "#3d405b", 'rx="5"'), rect(52, -82, 34, 18, "#3d405b"), "</g>",
        ) +
        person(345, 300, 1, "#7b2cbf")
    );
}

export function piano(day, t) {
    const keys = (x, y, w, count) =>
        times(count, (i) => rect(x + (i * w) / count, y, w / count - 1.5, 46, "#fff", 'rx="2"')) +
        times(count - 1,
            (i) => when(![2, 6].includes(i % 7),
                rect(x + ((i + 0.7) * w) / count, y, (w / count) * 0.55, 28, "#111")));
    const driver = (x, y, a) => turn(x, y, a, rect(-7, 0, 14, 34, "#e63946", 'rx="6"'),
        rect(-2.5, 34, 5, 40, "#adb5bd"));
    if (t < 2) {
        return (
            room("#e9d8c4", "#8f7157") + pane(50, 40, 90, 90) +
            rect(190, 70, 270, 210, "#3b2419", 'rx="8"') +
            rect(204, 84, 242, 96, t ? "#d9b26f" : "#4a2e20") +
            when(t, times(24, (i) => line(`M${212 + i * 10} 88 L${208 + i * 9.8} 176`, "#f1e3c6", 1.5)),
                rect(204, 108, 242, 8, "#8c6a0f"), times(12, (i) => circle(214 + i * 20, 96, 4, "#8c6a0f"))) +
            rect(176, 186, 298, 22, "#2b1a12") + keys(190, 190, 270, 18) +
            rect(176, 234, 298, 12, "#2b1a12") + rect(186, 246, 16, 60, "#2b1a12") +
            rect(448, 246, 16, 60, "#2b1a12") +
            person(530, 282, 1.7, "#118ab2", "left", rect(-13, -20, 26, 18, "#33384d")) +
            driver(450, 190, 40) +
            when(t, turn(120, 270, -20, rect(-50, -70, 100, 120, "#3b2419", 'rx="6"')),
                times(9, (i) => circle(250 + i * 24, 332 - (i % 2) * 8, 5, "#adb5bd")))
        );
    }
    return (
        rect(0, 0, WIDTH, HEIGHT, "#d8c3a5") + times(16, (i) => line(`M0 ${i * 24} H640`, "#c9b08c", 2)) +
        keys(60, 30, 520, 28) +
        times(16,
            (i) => turn(70 + i * 33, 104, 0, rect(-2, 0, 4, 56, "#8a6240"),
                rect(-9, 0, 18, 14, "#fff", 'rx="4"'))) +
        times(20, (i) => line(`M${60 + i * 12} 190 V${330 - i * 4}`, "#b8860b", 2)) +
        times(3, (i) => move(360 + i * 44, 230, 1, rect(-16, -30, 32, 66, "#d4a017", 'rx="8"'),
            circle(0, 24, 7, "#8c6a0f"))) +
        times(30, (i) => circle(330 + (i % 10) * 16, 300 + Math.floor(i / 10) * 16, 4.5, "#8d99ae")) +
        driver(540, 190, 0) + driver(580, 190, 0) + rect(510, 290, 90, 44, "#3b2419", 'rx="6"')
    );
}

export function dominoes(day, t) {
    const count = 22;
    const fallen = [3, 10, 18][t];
    return (
        room("#f1ead7", "#b9c4cf") +
        rect(200, 40, 260, 110, "#2f5d4a", 'stroke="#8a6240" stroke-width="9"') +
        line("M224 70 h90 M224 90 h60 M360 64 l30 40 h-60 z M224 120 h120", "#fff", 3) +
        clock(510, 66, 26, 10, 10) +
        times(5, (i) => rect(16 + i * 34, 120, 30, 140, i % 2 ? "#e76f51" : "#457b9d", 'rx="3"') +
                line(`M${24 + i * 34} 136 h14 m-14 8 h14`, "#fff", 2) + circle(40 + i * 34, 200, 3, "#fff")) +
        times(2, (i) => move(500 + i * 84, 236, 1, rect(-34, 0, 68, 10, "#c58c54"),
            line("M-28 10 V60 M28 10 V60", "#6c757d", 5))) +
        times(count, (i) => {
            const x = 36 + i * 27;
            const y = 318 + Math.sin(i / 2.6) * 26;
            return turn(x, y, i < fallen ? 62 : i === fallen ? 34 : 0,
                rect(-8, -52, 16, 52, ["#fff", "#ffd166", "#ef476f", "#06d6a0"][i % 4],
                    'rx="3" stroke="#33384d" stroke-width="2"'), circle(0, -40, 3, "#33384d"),
                circle(0, -14, 3, "#33384d"), line("M-8 -27 h16", "#33384d", 1.5));
        }) + when(t < 1, person(22, 262, 1, SHIRTS[1], "right")) +
        when(t > 1, times(3, (i) => person(240 + i * 70, 240, 1.1, SHIRTS[i], "up")))
    );
}

export function spaghetti(day, t) {
    const sag = [0, 10, 26][t];
    const truss = times(8, (i) => {
        const y = (k) => 176 + sag * Math.sin((k * Math.PI) / 8);
        const [x, w] = [140 + i * 45, 45];
        return line(`M${x} ${y(i)} L${x + w} ${y(i + 1)} M${x} ${y(i)} L${x + w / 2} ${120 +
                sag * 0.8} L${x + w} ${y(i + 1)}` + (i < 7 ? ` M${x + w / 2} ${120 +
                        sag * 0.8} h${w}` : ""), "#f2c14e", 5);
    });
    const weight = (x, y, s) => move(x, y, s, line("M0 -60 V-20", "#495057", 3),
        circle(0, -22, 7, "none", 'stroke="#343a40" stroke-width="5"'),
        shape("M-18 -16 h36 l10 46 h-56 z", "#343a40"), circle(0, 8, 9, "#6c757d"));
    return (
        room("#dbe7f0", "#9aa9b8") + pane(270, 24, 100, 60) + rect(0, 180, 150, 180, "#a9714b") +
        rect(490, 180, 150, 180, "#a9714b") + rect(0, 176, 156, 14, "#8d5b34") +
        rect(484, 176, 156, 14, "#8d5b34") + truss +
        times(1 + t, (i) => weight(320 + [0, -90, 90][i], 236 + sag * 0.8, 0.9)) +
        move(62, 178, 1, rect(-26, -92, 52, 92, "#1d6fa3", 'rx="4"'),
            times(9, (i) => line(`M${-18 + i * 4.5} -92 l${(i - 4) * 2} -44`, "#f2c14e", 3)),
            oval(0, -44, 16, 22, "#fff"), line("M-8 -50 q8 10 16 0 M-8 -40 q8 10 16 0", "#f2c14e", 4)) +
        when(t > 0, person(580, 150, 1.1, "#8338ec", t > 1 ? "up" : "left")) +
        when(t > 1,
            times(7, (i) => turn(230 + i * 30, 300 + chance(i) * 40, i * 50,
                rect(-14, -2, 28, 4, "#f2c14e"))), line("M300 120 l10 20 l-12 8 l14 18", "#e63946", 4)) +
        when(t === 0,
            move(540, 178, 1, shape("M-30 -8 q30 22 60 0 l-6 -30 h-48 z", "#fff"),
                circle(-10, -42, 10, "#d1495b"), circle(10, -44, 10, "#b5382e")))
    );
}

export function volcano(day, t) {
    return (
        room("#f4efe1", "#a3b18a") +
        rect(40, 30, 300, 130, "#2f5d4a", 'stroke="#8a6240" stroke-width="9"') +
        shape("M90 140 L150 60 L210 140 Z", "none", 'stroke="#fff" stroke-width="3"') +
        line("M150 60 q-6 -16 4 -24 M240 70 h70 M240 90 h50 M240 110 h60", "#fff", 3) +
        times(4, (i) => person(60 + i * 52, 240, 0.95, SHIRTS[(i + 2) % 8], t ? "up" : "down")) +
        table(270, "#c58c54") +
        when(t > 0,
            shape(`M330 110 C${300 - t * 50} ${60 - t * 30} ${430 + t * 60} ${40 - t * 30} 420 110 ` +
                `L${430 + t * 20} 150 H${320 - t * 20} Z`, "#ff8fab"),
            times(10 * t, (i) => circle(290 + chance(i, 3) * 180, 20 + chance(i, 4) * 110,
                6 + chance(i, 5) * 9, ["#ff8fab", "#ffc2d1", "#fb6f92"][i % 3]))) +
        shape("M250 272 L340 120 H412 L500 272 Z", "#8a6240") +
        shape("M270 240 l20 -34 l14 26 l20 -40 M400 150 l20 40 l20 -10 l24 50", "none",
            'stroke="#6b4a30" stroke-width="5"') + oval(376, 120, 36, 9, "#4a2a1b") +
        shape(`M342 120 q34 14 68 0 l${10 + t * 14} ${40 + t * 50} q-16 16 -26 -6 q-14 ${14 +
                t * 16} -28 -4 q-12 22 -24 2 z`, "#fb6f92") +
        move(560, 268, 1, rect(-16, -60, 32, 60, "#e0fbfc", 'rx="5"'), rect(-8, -78, 16, 20, "#e0fbfc"),
            rect(-9, -84, 18, 8, "#d62828"), rect(-16, -40, 32, 22, "#fff")) +
        move(150, 268, 1, rect(-28, -36, 56, 36, "#f4a300", 'rx="3"'), circle(0, -18, 11, "#fff")) +
        when(t > 1,
            times(14,
                (i) => circle(40 + i * 44, 200 + chance(i, 7) * 140, 5 + chance(i, 8) * 10, "#fb6f92")),
            oval(380, 330, 210, 18, "#ff8fab"))
    );
}

export function pizzaGuitar(day, t) {
    const slice = (x, y, a, s = 1) => turn(x, y, a,
        move(0, 0, s, shape("M-30 -40 Q0 -56 30 -40 L0 40 Z", "#ffd166"),
            line("M-31 -41 Q0 -58 31 -41", "#b5702f", 10), circle(-8, -22, 7, "#d62828"),
            circle(10, -16, 7, "#d62828"), circle(0, 6, 6, "#d62828")));
    const guitar = rect(-74, -64, 148, 128, "#c89b6a", 'rx="4" stroke="#8a6240" stroke-width="4"') +
        rect(-64, -54, 128, 108, "#e9d8b4") + circle(-48, 36, 12, "#d62828") +
        shape("M40 26 l18 0 l-9 22 z", "#ffd166") + circle(0, 0, 24, "#3b2419") +
        rect(-12, 44, 30, 8, "#3b2419") +
        rect(60, -10, 170, 20, "#6b4226") + times(6, (i) => line(`M${90 + i * 22} -10 v20`, "#d9b26f", 2)) +
        rect(226, -16, 44, 32, "#4a2e20", 'rx="4"') +
        times(4, (i) => line(`M-40 ${-6 + i * 4} H250`, "#fff", 1.4)) +
        times(4, (i) => circle(234 + (i % 2) * 20, i < 2 ? -20 : 20, 5, "#d9d9d9"));
    return (
        room("#dfe7d6", "#a98467") + pane(500, 40, 90, 90) +
        when(t === 0, table(262), rect(170, 228, 180, 34, "#c89b6a"),
            shape("M170 228 L196 120 H376 L350 228 Z", "#dcb283"),
            circle(286, 172, 36, "#d62828", 'opacity="0.8"'), circle(286, 172, 20, "#fff", 'opacity="0.6"'),
            slice(260, 212, 80, 0.8),
            turn(470, 230, -12, rect(-60, -8, 90, 14, "#ced4da"),
                rect(30, -18, 40, 30, "#e76f51", 'rx="6"')),
            times(4, (i) => line(`M400 ${210 - i * 12} q30 -8 60 0`, "#b8860b", 2))) +
        when(t === 1, table(290), turn(250, 190, -14, guitar), slice(120, 276, 70, 0.7),
            rect(450, 268, 60, 16, "#ffd166", 'rx="4"')) +
        when(t === 2, person(300, 300, 2.9, "#2a9d8f", "down"), turn(290, 236, -14, guitar),
            circle(290, 236, 17, "#c98f62"), circle(436, 200, 16, "#c98f62"),
            times(5, (i) => note(110 + i * 22, 150 - i * 22, "#e76f51")), note(520, 100, "#8338ec"),
            slice(560, 300, 10, 0.9), dog(110, 308, 0.8, "#d9a066"))
    );
}

export function umbrella(day, t) {
    const canopy = (bent) =>
        bent
            ? shape("M-110 -60 Q-60 -6 0 0 Q60 -6 110 -60 Q60 -30 0 -30 Q-60 -30 -110 -60 Z", "#d62828") +
              line("M-110 -60 L0 10 L110 -60 M0 0 V-34", "#33384d", 3)
            : shape("M-104 0 A104 90 0 0 1 104 0 Q78 -18 52 0 Q26 -18 0 0 Q-26 -18 -52 0 Q-78 -18 -104 0 Z",
                  "#d62828") +
              shape("M-52 0 Q-40 -70 0 -90 Q40 -70 52 0 Q26 -18 0 0 Q-26 -18 -52 0 Z", "#ff6b6b");
    const fan = move(120, 170, 1.2, rect(-10, 90, 20, 60, "#495057"),
        rect(-60, 140, 120, 16, "#343a40", 'rx="8"'),
        circle(0, 0, 94, "#dee2e6", 'stroke="#495057" stroke-width="9"'),
        times(5, (i) => turn(0, 0, i * 72 + t * 25, shape("M0 0 Q34 -30 12 -80 Q-26 -60 0 0 Z",
            "#4cc9f0"))), circle(0, 0, 16, "#343a40"),
        times(3, (i) => circle(0, 0, 34 + i * 24, "none", 'stroke="#adb5bd" stroke-width="2"')));
    return (
        room("#eef1f5", "#9fa8b5") + times(9, (i) => rect(i * 74, 0, 3, 252, "#d9dee6")) + fan +
        times(4 + t * 5,
            (i) => line(`M${250 + chance(i, 2) * 60} ${60 + i * (190 / (4 + t * 5))} q${60 +
                    t * 20} -14 ${110 + t * 40} 0 t${60 + t * 30} 0`, "#90a4c8", 4, 'opacity="0.7"')) +
        turn(460, 170, [0, -24, -62][t],
            move(0, 0, 1, canopy(t === 2), line("M0 -4 V104 q0 18 -16 18 q-12 0 -12 -12", "#33384d", 6))) +
        person([478, 500, 540][t], 300, 1.5, "#ffd166", t === 0 ? "left" : "left") +
        when(t > 0,
            times(5, (i) => turn(330 + i * 60, 80 + chance(i, 9) * 200, i * 60,
                rect(-10, -7, 20, 14, "#fff", 'stroke="#adb5bd"')))) +
        when(t === 2, oval(610, 70, 24, 10, "#6b4226"), rect(596, 50, 28, 20, "#6b4226"))
    );
}

export function bubble(day, t) {
    const r = [56, 92, 124][t];
    const soap = (x, y, q, o = 0.4) => circle(x, y, q, "#cdeffc", `opacity="${o}"`) +
        circle(x, y, q, "none", 'stroke="#ff9de2" stroke-width="5" opacity="0.7"') +
        circle(x, y, q - 5, "none", 'stroke="#8be9fd" stroke-width="4" opacity="0.8"') +
        line(`M${x - q * 0.6} ${y - q * 0.4} q${q * 0.2} -${q * 0.4} ${q * 0.6} -${q * 0.45}`, "#fff", 6,
            'opacity="0.9"') + circle(x + q * 0.5, y + q * 0.5, q * 0.08, "#fff", 'opacity="0.8"');
    return (
        field(day) + tree(60, 264, 1.4) + tree(590, 260, 1.2) + rect(0, 286, 640, 80, "#d8cbb3") +
        times(12, (i) => line(`M${i * 60 - 20} 360 L${i * 52 + 30} 286`, "#c4b496", 2)) +
        move(500, 290, 1, rect(-70, -14, 140, 9, "#8a6240"), rect(-70, -40, 140, 9, "#8a6240"),
            line("M-56 -40 V12 M56 -40 V12", "#495057", 6)) +
        move(180, 288, 0.8, oval(0, 0, 80, 18, "#adb5bd"), oval(0, -4, 66, 12, "#4cc9f0"),
            rect(-9, -60, 18, 60, "#adb5bd"), oval(0, -60, 34, 9, "#adb5bd"),
            line("M0 -66 q-26 -30 -44 40 M0 -66 q26 -30 44 40", "#9be7ff", 4)) +
        person(350 - r * 0.9, 314, 1.4, "#f77f00", "right") +
        line(`M${350 - r * 0.9 + 50} 256 l40 -60 M${350 - r * 0.9 + 50} 256 l74 -16`, "#6b4226", 5) +
        when(t === 2, dog(400, 190, 0.9, "#d9a066")) + soap(400, 180, r) +
        when(t > 0, times(3, (i) => person(500 + i * 46, 320, 0.8, SHIRTS[i], "up")),
            soap(560, 70, 22, 0.3), soap(110, 110, 16, 0.3)) +
        when(t === 0, soap(520, 120, 14, 0.3), soap(470, 80, 9, 0.3))
    );
}
