// All scenarios of a benchmark run by name. Each takes the world and the sizes, and gives rows.

import * as limits from "./bench-limits.mjs";
import * as play from "./bench-play.mjs";
import * as programs from "./bench-programs.mjs";

export const SCENARIOS = {
    core: programs.core, search: programs.search,
    saturation: limits.saturation, memory: limits.memory, storm: limits.storm,
    concurrent: play.concurrent, frames: play.frames, pairing: play.pairing, fairness: play.fairness,
    growth: play.growth, soak: play.soak,
    saves: programs.saves, ranking: programs.ranking, sockets: programs.sockets,
};
