// The drawing kit of the sample frames: simple shapes, people, animals and pieces of scenery as SVG text.
// Knows no video.

export const WIDTH = 640;
export const HEIGHT = 360;
export const GROUND = 260;

export const rect = (x, y, w, h, fill, more = "") =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${fill}" ${more}/>`;
export const circle = (x, y, r, fill, more = "") =>
    `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}" ${more}/>`;
export const oval = (x, y, rx, ry, fill, more = "") =>
    `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${fill}" ${more}/>`;
export const shape = (d, fill, more = "") => `<path d="${d}" fill="${fill}" ${more}/>`;
export const line = (d, stroke, width = 3, more = "") =>
    `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" ${more}/>`;
export const move = (x, y, scale, ...parts) =>
    `<g transform="translate(${x} ${y}) scale(${scale})">${parts.join("")}</g>`;
/** Turned by `angle` degrees about (x, y), where the parts' own origin then is. */
export const turn = (x, y, angle, ...parts) =>
    `<g transform="translate(${x} ${y}) rotate(${angle})">${parts.join("")}</g>`;
/** As in a mirror whose glass stands at `x`. */
export const mirror = (x, ...parts) =>
    `<g transform="translate(${2 * x} 0) scale(-1 1)">${parts.join("")}</g>`;
export const fade = (opacity, ...parts) => `<g opacity="${opacity}">${parts.join("")}</g>`;
/** Another picture within a frame of this size. */
export const inset = (x, y, w, h, view, ...parts) =>
    `<svg x="${x}" y="${y}" width="${w}" height="${h}" viewBox="${view}" preserveAspectRatio="xMidYMid ` +
    `slice">` +
    `${parts.join("")}</svg>`;
export const when = (condition, ...parts) => (condition ? parts.join("") : "");
export const times = (count, draw) => Array.from({ length: count }, (_, i) => draw(i)).join("");
/** A number in [0, 1) that is the same in each run. */
export const chance = (i, salt = 0) => {
    const x = Math.sin(i * 127.1 + salt * 311.7) * 43758.5453;
    return Number((x - Math.floor(x)).toFixed(3));
};

// ---- the world outside ----

const INK = "#22223b";
const makeDay = (top, low, ground, far, light, dark) => ({ top, low, ground, far, light, dark });

/** Three times of day: top and bottom of the sky, the ground, what lies far off, what shines. */
export const DAYS = [
    makeDay("#6ec3f4", "#d9f1ff", "#7dbb5b", "#8fb7a4", "#fff2a8", false),
    makeDay("#f2955d", "#ffe0a3", "#8a8f4a", "#a6746b", "#ffd36e", false),
    makeDay("#101a3c", "#34406f", "#2b4a3a", "#26315c", "#f6f3d6", true),
];
export const [NOON, DUSK, NIGHT] = DAYS;
export const STORM = makeDay("#2c3345", "#6b7488", "#4b5d3a", "#3a4256", "#fff3b0", false);

export const sky = (day) => {
    const id = `sky${day.top.slice(1)}`;
    return (
        `<defs><linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" ` +
        `stop-color="${day.top}"/>` +
        `<stop offset="1" stop-color="${day.low}"/></linearGradient></defs>` +
        rect(0, 0, WIDTH, HEIGHT, `url(#${id})`) +
        when(
            day.dark,
            times(40, (i) => circle(chance(i) * WIDTH, chance(i, 1) * 220, 0.8 + chance(i, 2), "#fff")),
        )
    );
};
export const sun = (day, x, y) => circle(x, y, 46, day.light, 'opacity="0.35"') + circle(x, y, 30, day.light);
export const ground = (day) =>
    rect(0, GROUND, WIDTH, HEIGHT - GROUND, day.ground) +
    times(16, (i) =>
            line(`M${chance(i, 21) * 630} ${275 + chance(i, 22) * 80} l3 -8 l3 ` +
                `8`, "#000", 2, 'opacity="0.13"'),
    );
export const hills = (day) =>
    shape(`M0 ${GROUND} Q90 170 200 ${GROUND} Q330 130 460 ${GROUND} Q560 190 640 ${GROUND} Z`, day.far);
export const peaks = (day) =>
    shape(`M0 ${GROUND} L120 90 L210 ${GROUND} Z M140 ${GROUND} L300 50 L450 ${GROUND} Z`, day.far) +
    shape(
        "M300 50 L268 112 L292 100 L306 116 L322 98 L340 110 Z M120 90 L98 132 L120 122 L140 134 Z",
        "#fff",
    ) +
    shape(`M400 ${GROUND} L540 110 L640 ${GROUND} Z`, day.far, 'opacity="0.8"');
/** Sky, hills and meadow. */
export const field = (day) => sky(day) + hills(day) + ground(day);
export const sea = (day, y = 200) =>
    rect(0, y, WIDTH, HEIGHT - y, day.dark ? "#1c3a63" : "#2f86b5") +
    times(14, (i) => {
        const x = chance(i, 3) * 600;
        const w = y + 15 + chance(i, 4) * (330 - y);
        return line(`M${x} ${w} q12 -7 24 0 q12 7 24 0`, "#ffffff", 2, 'opacity="0.4"');
    });
export const sand = (y, fill = "#f0d9a0") =>
    shape(`M0 ${y} Q200 ${y - 26} 400 ${y} T640 ${y} V360 H0 Z`, fill) +
    times(26, (i) =>
            circle(chance(i, 31) * WIDTH, y + 14 + chance(i, 32) * (350 - y), 1.6, "#000", 'opacity="0.15"'),
    );
export const cloud = (x, y, s = 1, fill = "#fff") =>
    move(x, y, s, oval(0, 0, 44, 18, fill), circle(-16, -12, 18, fill), circle(14, -16, 24, fill));
export const rain = (count, slant = 8) =>
    times(count, (i) =>
            line(
                `M${chance(i, 1) * 660} ${chance(i, 3) * 340} l-${slant} 22`, "#bcd4ee", 2, 'opacity="0.6"',
            ),
    );
export const snow = (count) =>
    times(count, (i) => circle(chance(i, 2) * WIDTH, chance(i, 6) * 330, 1.8 + chance(i, 7) * 3, "#fff"));
export const tree = (x, y, s, fill = "#4c8a4a") =>
    move(
        x, y, s, rect(-6, -50, 12, 52, "#6b4a30"), circle(0, -80, 36, fill), circle(-26, -60, 24, fill),
        circle(26, -60, 24, fill), circle(-8, -90, 14, "#fff", 'opacity="0.1"'),
    );
export const palm = (x, y, s) =>
    move(
        x, y, s, line("M0 0 Q14 -60 4 -118", "#8a6240", 11),
        times(6, (i) => turn(4, -118, i * 60 - 20, shape("M0 0 Q30 -26 66 2 Q32 -6 0 0 Z", "#3f8f4f"))),
        circle(-2, -110, 6, "#6b4226"), circle(10, -110, 6, "#6b4226"),
    );
export const house = (x, y, s, wall, roof, lit = "#bfe3f0") =>
    move(
        x, y, s, rect(-50, -70, 100, 70, wall), shape("M-62 -70 L0 -116 L62 -70 Z", roof),
        rect(-36, -54, 26, 24, lit, 'stroke="#fff" stroke-width="4"'), rect(10, -48, 26, 48, "#6b4226"),
    );
export const road = (y = 270, fill = "#5c5f6b") =>
    rect(0, y, WIDTH, HEIGHT - y, fill) +
    line(`M0 ${(y + HEIGHT) / 2} H640`, "#ffe9a8", 4, 'stroke-dasharray="30 24"');

// ---- indoors ----

export const room = (wall, floor) =>
    rect(0, 0, WIDTH, HEIGHT, wall) +
    rect(0, GROUND, WIDTH, 100, floor) +
    rect(0, GROUND - 8, WIDTH, 8, "#fff", 'opacity="0.45"');
export const pane = (x, y, w, h, glass = "#bfe3f0") =>
    rect(x, y, w, h, glass, 'stroke="#fff" stroke-width="9" rx="3"') +
    line(`M${x + w / 2} ${y} v${h} M${x} ${y + h / 2} h${w}`, "#fff", 4) +
    shape(`M${x + 8} ${y + h - 10} l${w / 3} -${h - 20} h14 l-${w / 3} ${h - 20} z`, "#fff", 'opacity="0.3"');
export const table = (y = 244, fill = "#8d5b34") =>
    rect(40, y, 560, 18, fill, 'rx="6"') +
    rect(70, y + 18, 18, 340 - y, fill) +
    rect(552, y + 18, 18, 340 - y, fill);
export const clock = (x, y, r, hour, minute) =>
    circle(x, y, r, "#fff", `stroke="${INK}" stroke-width="${r / 8}"`) +
    times(12, (i) => turn(x, y, i * 30, rect(-1, -r * 0.85, 2, r * 0.14, INK))) +
    turn(x, y, hour * 30 + minute / 2, rect(-2, -r * 0.5, 4, r * 0.5, INK, 'rx="2"')) +
    turn(x, y, minute * 6, rect(-1.5, -r * 0.75, 3, r * 0.75, "#e63946", 'rx="1"'));

// ---- small things ----

export const steam = (x, y, count = 3, gap = 34) =>
    times(count, (i) =>
            line(`M${x + i * gap} ${y} q-12 -16 0 -30 q12 -14 0 -28`, "#fff", 4,
                `opacity="${0.35 + 0.2 * (i % 3)}"`),
    );
export const note = (x, y, fill = "#fff3b0") =>
    oval(x, y, 9, 7, fill) + line(`M${x + 8} ${y} v-36 q10 4 14 14`, fill, 3);
export const star = (x, y, r, fill = "#ffc933") =>
    shape(
        `M${times(10, (i) => {
            const a = (i * Math.PI) / 5;
            const d = i % 2 ? r * 0.45 : r;
            return `${i ? "L" : ""}${(x + d * Math.sin(a)).toFixed(1)} ${(y - d * Math.cos(a)).toFixed(1)} `;
        })}Z`,
        fill,
    );
export const flame = (x, y, s = 1) =>
    move(
        x, y, s, shape("M0 0 C-34 -6 -24 -40 -8 -54 C-8 -40 6 -44 4 -70 C30 -46 32 -6 0 0 Z", "#f3722c"),
        shape("M0 0 C-18 -4 -12 -24 0 -40 C14 -24 16 -4 0 0 Z", "#ffd166"),
    );
export const orange = (x, y, r = 13) =>
    circle(x, y, r, "#f79a1e") +
    circle(x - r / 3, y - r / 3, r / 4, "#fff", 'opacity="0.5"') +
    oval(x + 3, y - r, r / 2.4, r / 5, "#4c8a4a");

// ---- faces ----

/** Two round eyes that look to (dx, dy). */
export const eyes = (x, y, gap, r, dx = 0, dy = 0) =>
    times(2, (i) => {
        const at = x + (i ? gap : -gap) / 2;
        return circle(at, y, r, "#fff") + circle(at + dx, y + dy, r * 0.5, "#1b1b1b");
    });
export const smile = (x, y, w, colour = "#3a2116") => line(`M${x - w / 2} ${y} q${w / 2} ${w * 0.6} ${w} 0`,
    colour, 2);

const ARMS = {
    down: "M-12 -32 q-8 14 -6 30 M12 -32 q8 14 6 30",
    up: "M-12 -32 q-14 -18 -12 -36 M12 -32 q14 -18 12 -36",
    out: "M-12 -32 q-14 6 -24 0 M12 -32 q14 6 24 0",
    right: "M-12 -32 q-8 14 -6 30 M12 -32 L38 -42",
    left: "M-12 -32 L-38 -42 M12 -32 q8 14 6 30",
};
const SKINS = ["#c98f62", "#8d5a3b", "#f0c8a0", "#a86f47"];

/** A person whose feet are some 30 below (x, y). Skin and hair follow from the shirt, so they stay. */
export const person = (x, y, s, shirt, arms = "down", more = "") => {
    const kind = (parseInt(shirt.slice(1), 16) >> 3) % SKINS.length;
    const skin = SKINS[kind];
    return move(
        x, y, s, rect(-9, -2, 7, 30, "#33384d", 'rx="2"'), rect(2, -2, 7, 30, "#33384d", 'rx="2"'),
        line(ARMS[arms], skin, 6), rect(-13, -38, 26, 38, shirt, 'rx="9"'), circle(0, -52, 13, skin),
        shape("M-13 -52 a13 13 0 0 1 26 0 q-6 -7 -13 -6 q-8 -1 -13 6 z",
            ["#3a2a21", "#17110d", "#b5651d", "#2b2b3d"][kind]),
        circle(-4.5, -51, 1.7, INK), circle(4.5, -51, 1.7, INK),
        line(arms === "up" ? "M-4 -46 q4 5 8 0" : "M-3 -45 q3 2 6 0", "#5a2a1a", 1.6), more,
    );
};
export const SHIRTS = ["#ef476f", "#118ab2", "#ffd166", "#2a9d8f", "#8338ec", "#f77f00", "#d1495b",
    "#457b9d"];

export const cat = (x, y, s, fill) =>
    move(
        x, y, s, shape("M-22 -14 L-24 -40 L-8 -26 H8 L24 -40 L22 -14 Z", fill), circle(0, -8, 24, fill),
        eyes(0, -10, 20, 5.5), shape("M-4 -1 h8 l-4 5 z", "#e5738a"),
        line("M0 4 q-5 6 -10 1 M0 4 q5 6 10 1", INK, 1.6),
        line("M-14 0 l-20 -4 M-14 4 l-20 3 M14 0 l20 -4 M14 4 l20 3", "#fff", 1.4),
    );
export const dog = (x, y, s, fill) =>
    move(
        x, y, s, oval(0, 0, 44, 22, fill), rect(-36, 8, 11, 30, fill, 'rx="5"'),
        rect(-18, 12, 11, 26, fill, 'rx="5"'),
        rect(14, 12, 11, 26, fill, 'rx="5"'), rect(29, 8, 11, 30, fill, 'rx="5"'),
        line("M-42 -8 q-16 -10 -12 -28", fill, 8),
        circle(44, -24, 20, fill), oval(60, -17, 15, 10, fill), circle(73, -20, 5, INK),
        circle(48, -30, 3, INK),
        shape("M32 -42 q-16 10 -8 32 q12 0 14 -24 z", "#5b3a29"), line("M58 -8 q8 4 12 0", INK, 2),
    );
export const capy = (x, y, s) =>
    move(
        x, y, s, rect(-52, 28, 16, 28, "#6f4a2e", 'rx="6"'), rect(30, 28, 16, 28, "#6f4a2e", 'rx="6"'),
        oval(0, 0, 74, 42, "#8b5e3c"), oval(72, -34, 36, 27, "#946844"),
        rect(88, -42, 26, 34, "#7b5233", 'rx="10"'),
        oval(56, -60, 8, 9, "#6f4a2e"), line("M74 -45 q6 5 12 0", "#20140c", 2.5),
        circle(109, -34, 2.5, "#20140c"),
    );
