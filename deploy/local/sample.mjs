#!/usr/bin/env node
// Sample content for a local run: invented videos with three drawn frames each, and the rows that
// Framedle's database would have for them.
//
//   sample.mjs DIR     writes DIR/objects/frames/<video id>/f01.svg … and DIR/sample.sql
//
// A frame hints at its title and never holds its words.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DAYS, HEIGHT, WIDTH } from "./drawing.mjs";
import * as scenes from "./scenes.mjs";

export const FRAMES_EACH = 3;

/** Who the scripted players are: rows that Logto's webhook would have written. */
export const PLAYERS = [
    { sub: "anaduel00001", name: "Ana", country: "BR" },
    { sub: "bruduel00002", name: "Bruno", country: "PT" },
];

/** id | scene | difficulty | views | seconds | channel | title */
const LIST = `
Br1gAd3iR0s | sweets        | 4 |  8120044 |  612 | Cozinha da Nair    | A receita secreta do brigadeiro da minha avó
rAft1000btl | raft          | 4 | 15904331 | 1104 | Shoreline Workshop | I Built a Raft From 1,000 Bottles
cApiV4rAs-0 | capybara      | 5 |  3440912 |  245 | Bicho Solto        | Canção de ninar para capivaras
Far0l_24hrs | lighthouse    | 4 |  2018556 | 1533 | Rumo ao Sul        | 24 horas dentro do farol
pApErB0ats7 | paperBoats    | 5 |  6733120 |  842 | Half a Plan        | We Raced Paper Boats Down a River
uMaMarchaS0 | bicycle       | 5 |   910332 | 1290 | Pedal Lento        | Subindo a serra com uma marcha só
bLu3LakeD33 | deepLake      | 4 | 11500271 |  705 | Plumb Line         | How Deep Is the Blue Lake?
bAlaoN0desc | balloon       | 5 |  1202884 |  934 | Rumo ao Sul        | O dia em que o balão não desceu
n00dlTra1n5 | trainNoodles  | 6 |  4871009 |  688 | Tiny Kitchens      | Cooking Noodles on a Moving Train
Regr4Ep12xx | football      | 6 |   702415 |  521 | Apito Final        | A regra explicada: o gol do meio-campo, Ep. 12
Regr4Ep13xx | footballCards | 6 |   655120 |  534 | Apito Final        | A regra explicada: o gol do meio-campo, Ep. 13
r0b0tArmCup | robotArm      | 4 |  9040777 |  402 | Slow Machines      | Robot Arm Learns to Stack Cups
n3v0uS3rtao | snowCactus    | 6 |  1877650 |  366 | Céu de Casa        | Nevou no sertão?
t1nyH0us3St | tinyHouse     | 5 |  7215998 |  977 | Half a Plan        | Tiny House, Huge Storm
c1n3maDeRua | cinema        | 6 |   540301 | 1811 | Arquivo Aberto     | A última sessão do cinema de rua
sTr33tl1ght | telescope     | 5 |  2660143 |  733 | Backyard Sky       | Telescope vs. Streetlight
P1pasAg0st0 | kites         | 4 |  1330870 |  298 | Bicho Solto        | Pipas no vento de agosto
`;

export const VIDEOS = LIST.trim()
    .split("\n")
    .map((row) => {
        const [id, scene, difficulty, views, seconds, channel, title] = row.split(/ *\| */);
        return { id, scene, difficulty, views, seconds, channel, title };
    });

/** The object's key in Framedle's layout. */
export const frameKey = (id, rank) => `frames/${id}/f${String(rank).padStart(2, "0")}.svg`;

/** Frame 1 … FRAMES_EACH of a video, always the same text. */
export function drawFrame(video, rank) {
    const at = VIDEOS.indexOf(video);
    const day = DAYS[(at + rank) % DAYS.length];
    // The camera comes nearer from frame to frame.
    const zoom = 1 + (rank - 1) * 0.08;
    const inside = scenes[video.scene](day, rank - 1);
    const x = ((1 - zoom) * WIDTH) / 2;
    const y = ((1 - zoom) * HEIGHT) / 2;
    return (
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="1280" height="720">` +
        `<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${zoom})">${inside}</g></svg>\n`
    );
}

const quote = (text) => `'${String(text).replaceAll("'", "''")}'`;

/** Rows for Framedle's tables; running it again changes nothing but what was edited here. */
function makeSql() {
    const rows = ["begin;"];
    for (const video of VIDEOS) {
        rows.push(
            "insert into videos (video_id, title, channel, duration, view_count, difficulty) values " +
                `(${quote(video.id)}, ${quote(video.title)}, ${quote(video.channel)}, ${video.seconds}, ` +
                `${video.views}, ${video.difficulty}) on conflict (video_id) do update set title = excluded.title, ` +
                "channel = excluded.channel, view_count = excluded.view_count, difficulty = excluded.difficulty;",
        );
        for (let rank = 1; rank <= FRAMES_EACH; rank++) {
            const second = (video.seconds * rank) / (FRAMES_EACH + 1);
            rows.push(
                "insert into frames (video_id, rank, timestamp_sec, heatmap_value, r2_path, width, height) " +
                    `values (${quote(video.id)}, ${rank}, ${second.toFixed(1)}, ${(1 - rank * 0.1).toFixed(1)}, ` +
                    `${quote(frameKey(video.id, rank))}, 1280, 720) on conflict (video_id, rank) do nothing;`,
            );
        }
    }
    for (const player of PLAYERS) {
        rows.push(
            "insert into users (auth_provider_id, display_name, country_code) values " +
                `(${quote(player.sub)}, ${quote(player.name)}, ${quote(player.country)}) ` +
                "on conflict (auth_provider_id) do nothing;",
        );
    }
    const achievements = [
        ["gladiator", "Gladiator", "Win 100 duels", "⚔️", 500],
        ["speed_demon", "Speed demon", "Win a duel with times under 5 s in sum", "⚡", 200],
        ["rival", "Rival", "Play 10 duels with the same person", "🤝", 150],
        ["first_blood", "First blood", "Finish a duel", "🩸", 50],
    ];
    for (const [id, name, text, icon, xp] of achievements) {
        rows.push(
            "insert into achievements (id, name, description, icon, xp_reward, category) values " +
                `(${quote(id)}, ${quote(name)}, ${quote(text)}, ${quote(icon)}, ${xp}, 'duel') on conflict (id) do nothing;`,
        );
    }
    rows.push("commit;");
    return `${rows.join("\n")}\n`;
}

function main(dir) {
    for (const video of VIDEOS) {
        mkdirSync(join(dir, "objects", "frames", video.id), { recursive: true });
        for (let rank = 1; rank <= FRAMES_EACH; rank++) {
            writeFileSync(join(dir, "objects", frameKey(video.id, rank)), drawFrame(video, rank));
        }
    }
    writeFileSync(join(dir, "sample.sql"), makeSql());
    console.log(`${VIDEOS.length} videos, ${VIDEOS.length * FRAMES_EACH} frames`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    if (process.argv.length !== 3) {
        console.error("usage: sample.mjs DIR");
        process.exit(64);
    }
    main(process.argv[2]);
}
