// The npm packages that the tests have installed, for files that do not lie beside them.

import { createRequire } from "node:module";

const require = createRequire(new URL("../../tests/package.json", import.meta.url));

export const { WebSocket } = require("ws");
export const { decode, encode } = require("@msgpack/msgpack");
export const { Client: PgClient } = require("pg");
