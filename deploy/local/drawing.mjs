// The drawing kit of the sample frames: simple shapes and pieces of scenery as SVG text. Knows no video.

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
export const times = (count, draw) => Array.from({ length: count }, (_, i) => draw(i)).join("");
/** A number in [0, 1) that is the same in each run. */
export const chance = (i, salt = 0) => {
    const x = Math.sin(i * 127.1 + salt * 311.7) * 43758.5453;
    return Number((x - Math.floor(x)).toFixed(3));
};

/** Three times of day: top and bottom of the sky, the ground, what shines. */
export const DAYS = [
    {
        top: "#6ec3f4",
        low: "#d9f1ff",
        ground: "#7dbb5b",
        far: "#8fb7a4",
        light: "#fff2a8",
        dark: false,
    },
    {
        top: "#f2955d",
        low: "#ffe0a3",
        ground: "#8a8f4a",
        far: "#a6746b",
        light: "#ffd36e",
        dark: false,
    },
    {
        top: "#101a3c",
        low: "#34406f",
        ground: "#2b4a3a",
        far: "#26315c",
        light: "#f6f3d6",
        dark: true,
    },
];

export const sky = (day, id = "sky") =>
    `<defs><linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${day.top}"/>` +
    `<stop offset="1" stop-color="${day.low}"/></linearGradient></defs>` +
    rect(0, 0, WIDTH, HEIGHT, `url(#${id})`) +
    (day.dark
        ? times(40, (i) =>
              circle(chance(i) * WIDTH, chance(i, 1) * 220, 0.8 + chance(i, 2), "#fff"),
          )
        : "");
export const sun = (day, x, y) =>
    circle(x, y, 46, day.light, 'opacity="0.35"') + circle(x, y, 30, day.light);
export const ground = (day) => rect(0, GROUND, WIDTH, HEIGHT - GROUND, day.ground);
export const hills = (day) =>
    shape(
        `M0 ${GROUND} Q90 170 200 ${GROUND} Q330 130 460 ${GROUND} Q560 190 640 ${GROUND} Z`,
        day.far,
    );
export const peaks = (day) =>
    shape(
        `M0 ${GROUND} L120 90 L210 ${GROUND} Z M140 ${GROUND} L300 50 L450 ${GROUND} Z`,
        day.far,
    ) +
    shape(
        "M300 50 L268 112 L292 100 L306 116 L322 98 L340 110 Z M120 90 L98 132 L120 122 L140 134 Z",
        "#fff",
    ) +
    shape(`M400 ${GROUND} L540 110 L640 ${GROUND} Z`, day.far, 'opacity="0.8"');
export const sea = (day, y = 200) =>
    rect(0, y, WIDTH, HEIGHT - y, day.dark ? "#1c3a63" : "#2f86b5") +
    times(14, (i) => {
        const x = chance(i, 3) * 600;
        const w = y + 15 + chance(i, 4) * (330 - y);
        return line(`M${x} ${w} q12 -7 24 0 q12 7 24 0`, "#ffffff", 2, 'opacity="0.4"');
    });
export const cloud = (x, y, s = 1) =>
    move(
        x,
        y,
        s,
        oval(0, 0, 44, 18, "#fff"),
        circle(-16, -12, 18, "#fff"),
        circle(14, -16, 24, "#fff"),
    );
export const person = (x, y, s, shirt) =>
    move(
        x,
        y,
        s,
        rect(-9, -2, 7, 30, "#33384d"),
        rect(2, -2, 7, 30, "#33384d"),
        rect(-13, -38, 26, 38, shirt, 'rx="9"'),
        circle(0, -52, 13, "#c98f62"),
        shape("M-13 -54 a13 13 0 0 1 26 0 z", "#3a2a21"),
    );
export const room = (wall, floor) =>
    rect(0, 0, WIDTH, HEIGHT, wall) + rect(0, GROUND, WIDTH, 100, floor);
