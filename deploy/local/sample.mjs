#!/usr/bin/env node
// Sample content for a local run: invented videos with three drawn frames each, who may play, and the rows
// that Framedle's database would have for them. What a video shows is drawn in scenes-*.mjs.
//
//   sample.mjs DIR     writes DIR/objects/frames/<video id>/f01.svg … and DIR/sample.sql
//
// A frame hints at its title and never holds its words. Some videos are easily taken for one another, and one
// was uploaded twice: the server has to tell those apart, or not to.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DAYS, HEIGHT, WIDTH } from "./drawing.mjs";
import * as animals from "./scenes-animals.mjs";
import * as city from "./scenes-city.mjs";
import * as food from "./scenes-food.mjs";
import * as making from "./scenes-making.mjs";
import * as places from "./scenes-places.mjs";

const scenes = { ...animals, ...city, ...food, ...making, ...places };

export const FRAMES_EACH = 3;

/** Whom one can play as on this machine: rows that Logto's webhook would have written. */
export const PLAYERS = [
    { sub: "anaduel00001", name: "Ana", country: "BR" },
    { sub: "bruduel00002", name: "Bruno", country: "PT" },
    { sub: "claduel00003", name: "Clara", country: "AO" },
    { sub: "davduel00004", name: "Davi", country: "BR" },
];

/** The practice bots and how good they are, from 0 to 1. Their names say what they are. */
export const BOTS = [
    { sub: "botduel00001", name: "Bot Lia 🤖", country: "BR", skill: 0.3 },
    { sub: "botduel00002", name: "Bot Max 🤖", country: "GB", skill: 0.6 },
    { sub: "botduel00003", name: "Bot Tico 🤖", country: "BR", skill: 0.1 },
    { sub: "botduel00004", name: "Bot Vera 🤖", country: "PT", skill: 0.9 },
    { sub: "botduel00005", name: "Bot Gil 🤖", country: "MZ", skill: 0.45 },
    { sub: "botduel00006", name: "Bot Ada 🤖", country: "GB", skill: 0.75 },
    { sub: "botduel00007", name: "Bot Nino 🤖", country: "BR", skill: 0.2 },
    { sub: "botduel00008", name: "Bot Zoe 🤖", country: "US", skill: 1 },
];

/** id | scene | difficulty | views | seconds | channel | title */
const LIST = `
Br1gAd3iR0s | sweets        | 4 |  8120044 |  612 | Cozinha da Nair    | A receita secreta do brigadeiro da minha avó
n00dlTra1n5 | trainNoodles  | 5 |  4871009 |  688 | Tiny Kitchens      | Cooking Noodles on a Moving Train
Pa0dQu31j0X | cheeseBread   | 4 | 12450980 |  733 | Cozinha da Nair    | Um pão de queijo do tamanho de um carro
h0tPepp3rVv | hotPepper     | 4 |  9330127 |  541 | Fork and Map       | The Hottest Pepper in the Village
pAncAk3T0wr | pancakes      | 4 | 21077415 |  486 | Tiny Kitchens      | Pancake Tower Until It Falls
b0l0S3m_012 | cakeTwelve    | 6 |   418220 |  902 | Forno de Sábado    | Um bolo por semana, Ep. 12
b0l0S3m_013 | cakeThirteen  | 6 |   402917 |  948 | Forno de Sábado    | Um bolo por semana, Ep. 13
c4f3M0rr0-1 | coffee        | 5 |   866401 |  420 | Pedal Lento        | Café coado no topo do morro
cApiV4rAs-0 | capybara      | 5 |  3440912 |  245 | Bicho Solto        | Canção de ninar para capivaras
b4nh0L4r4nj | bath          | 4 | 18204663 |   94 | Bicho Solto        | Capivara toma banho de laranja
r3p0stB4nh0 | bathAgain     | 6 |   230118 |   94 | Vídeos da Tia Lu   | Capivara toma banho de laranja
b0xC4tRev13 | catBoxes      | 4 | 14011502 |  377 | Whisker Weekly     | My Cat Reviews Cardboard Boxes
p4p4g41oAss | parrot        | 5 |  2905337 |  318 | Bicho Solto        | O papagaio que aprendeu a assobiar
p3ngM1rr0rs | penguins      | 4 | 30125874 |  205 | Cold Feet          | Penguins Meet a Mirror
sk8D0gS4sha | dogSkate      | 4 | 16740023 |  452 | Whisker Weekly     | Teaching My Dog to Skateboard
c0ruj4S1nal | owl           | 5 |  1504420 |  266 | Céu de Casa        | A coruja que mora no semáforo
t4rt4rug4Mr | turtles       | 4 |  5210339 |  601 | Rumo ao Sul        | Tartarugas correndo para o mar
0n3Sna1l42k | snail         | 5 |  7742190 | 1260 | Half a Plan        | One Snail, One Marathon
v4c4P1sc1na | cowPool       | 4 |  6600812 |  183 | Vídeos da Tia Lu   | A vaca que entrou na piscina
rAft1000btl | raft          | 4 | 15904331 | 1104 | Shoreline Workshop | I Built a Raft From 1,000 Bottles
r0b0tArmCup | robotArm      | 4 |  9040777 |  402 | Slow Machines      | Robot Arm Learns to Stack Cups
sTr33tl1ght | telescope     | 5 |  2660143 |  733 | Backyard Sky       | Telescope vs. Streetlight
p1an0P3c4s8 | piano         | 5 |  1120654 | 1410 | Mão na Graxa       | Desmontei um piano inteiro
d0m1n0Sch00 | dominoes      | 5 | 22890511 |  664 | Slow Machines      | Dominoes Through the Whole School
sp4gh3ttBr1 | spaghetti     | 5 |  5417380 |  815 | Plumb Line         | Will This Spaghetti Bridge Hold?
vulc4oB1c4r | volcano       | 5 |  3018846 |  330 | Mão na Graxa       | O vulcão que sujou a sala de aula
v10la0P1zza | pizzaGuitar   | 6 |   978113 |  709 | Mão na Graxa       | Fiz um violão com uma caixa de pizza
umbr3llaW1n | umbrella      | 5 |  4106925 |  388 | Slow Machines      | Umbrella vs. Giant Fan
b0lh4G1g4nt | bubble        | 5 |  2240716 |  274 | Praça Aberta       | A maior bolha de sabão da praça
Far0l_24hrs | lighthouse    | 4 |  2018556 | 1533 | Rumo ao Sul        | 24 horas dentro do farol
bLu3LakeD33 | deepLake      | 4 | 11500271 |  705 | Plumb Line         | How Deep Is the Blue Lake?
bAlaoN0desc | balloon       | 5 |  1202884 |  934 | Rumo ao Sul        | O dia em que o balão não desceu
n3v0uS3rtao | snowCactus    | 6 |  1877650 |  366 | Céu de Casa        | Nevou no sertão?
t1nyH0us3St | tinyHouse     | 5 |  7215998 |  977 | Half a Plan        | Tiny House, Huge Storm
b0nd1nh0Nuv | cableCar      | 5 |  1730042 |  512 | Rumo ao Sul        | Um bondinho acima das nuvens
n1ghtBusEnd | nightBus      | 6 |  2450991 | 2710 | Fork and Map       | Night Bus to the Last Stop
1c3cr34mD3s | iceCream      | 5 |  8814206 | 1345 | Half a Plan        | Crossing the Desert in an Ice Cream Truck
f0gu31raPra | campfire      | 6 |   690527 | 3605 | Céu de Casa        | Fogueira na praia em noite de lua cheia
ra1nT3nt10h | tentRain      | 6 | 19820344 | 36000 | Soft Weather      | 10 Hours of Rain on a Tent
ra1nR00f10h | roofRain      | 6 | 17633015 | 36000 | Soft Weather      | 10 Hours of Rain on a Tin Roof
gh0stT0wnMr | ghostTown     | 6 |  3307248 | 1178 | Fork and Map       | The Ghost Town With One Resident
Regr4Ep12xx | football      | 6 |   702415 |  521 | Apito Final        | A regra explicada: o gol do meio-campo, Ep. 12
Regr4Ep13xx | footballCards | 6 |   655120 |  534 | Apito Final        | A regra explicada: o gol do meio-campo, Ep. 13
uMaMarchaS0 | bicycle       | 5 |   910332 | 1290 | Pedal Lento        | Subindo a serra com uma marcha só
pApErB0ats7 | paperBoats    | 5 |  6733120 |  842 | Half a Plan        | We Raced Paper Boats Down a River
c1n3maDeRua | cinema        | 6 |   540301 | 1811 | Arquivo Aberto     | A última sessão do cinema de rua
P1pasAg0st0 | kites         | 4 |  1330870 |  298 | Praça Aberta       | Pipas no vento de agosto
el3v4d0rL3n | elevator      | 6 |  1088734 |  447 | Praça Aberta       | O elevador mais lento da cidade
laundr0D4nc | laundromat    | 5 |  3975560 |  213 | Two Left Socks     | Dancing Alone at the Laundromat
c4rt31r0C40 | postman       | 5 |  4402918 |  356 | Vídeos da Tia Lu   | O carteiro e os sete cachorros
x4dr3zAgu4s | chess         | 5 |  2117305 |  588 | Xeque e Maresia    | Xadrez debaixo d'água
surfT3rn0Gr | suitSurf      | 4 |  5088461 |  301 | Xeque e Maresia    | Surfando de terno e gravata
b0n3c0N3veC | snowman       | 4 |  7930015 |  344 | Vídeos da Tia Lu   | Um boneco de neve em Copacabana
t0m4t0Spac3 | spaceGarden   | 5 | 10560882 |  926 | Orbit Garden       | Growing Tomatoes on a Space Station
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
    const zoom = 1 + (rank - 1) * 0.05;
    const inside = scenes[video.scene](day, rank - 1);
    const x = ((1 - zoom) * WIDTH) / 2;
    const y = ((1 - zoom) * HEIGHT) / 2;
    return (
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="1280" ` +
        `height="720">` +
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
                `${video.views}, ${video.difficulty}) on conflict (video_id) do update set ` +
                "title = excluded.title, channel = excluded.channel, view_count = excluded.view_count, " +
                "difficulty = excluded.difficulty;",
        );
        for (let rank = 1; rank <= FRAMES_EACH; rank++) {
            const second = (video.seconds * rank) / (FRAMES_EACH + 1);
            rows.push(
                "insert into frames (video_id, rank, timestamp_sec, heatmap_value, r2_path, width, height) " +
                    `values (${quote(video.id)}, ${rank}, ${second.toFixed(1)}, ` +
                    `${(1 - rank * 0.1).toFixed(1)}, ` +
                    `${quote(frameKey(video.id, rank))}, 1280, 720) on conflict (video_id, rank) do nothing;`,
            );
        }
    }
    for (const player of [...PLAYERS, ...BOTS]) {
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
                `(${quote(id)}, ${quote(name)}, ${quote(text)}, ${quote(icon)}, ${xp}, 'duel') ` +
                "on conflict (id) do nothing;",
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
