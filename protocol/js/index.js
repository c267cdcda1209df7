// The package's face; see index.d.ts for what each thing means.

export { createDuel } from "./duel.js";
export { DuelProblem } from "./problem.js";
export { matchIn } from "./shapes.js";
export { TEXTS, tell } from "./texts.js";
