// Drives the C program tests/integration/c/auth_probe: the server's own token checks behind a pipe.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const objects = process.env.DUEL_OBJ ?? `${root}build/gcc`;
const path = process.env.DUEL_AUTH_PROBE ?? `${objects}/tests/integration/c/auth_probe`;

export class Probe {
  constructor({ issuer, audience, jwksUrl, scope = '', workerFirst = false }) {
    this.waiting = new Map(); // id → resolve
    this.next = 1;
    this.errors = '';
    this.ended = false;
    this.child = spawn(path, {
      env: {
        ...process.env,
        PROBE_ISSUER: issuer,
        PROBE_AUDIENCE: audience,
        PROBE_JWKS_URL: jwksUrl,
        PROBE_SCOPE: scope,
        PROBE_WORKER_FIRST: workerFirst ? '1' : '0',
        http_proxy: 'http://127.0.0.1:1', // must not be used
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stderr.on('data', (chunk) => (this.errors += chunk));
    createInterface({ input: this.child.stdout }).on('line', (line) => this.#take(line));
    this.exit = new Promise((resolve) => {
      this.child.on('close', (code, signal) => resolve(signal ?? code));
    });
  }

  #take(line) {
    const words = line.split(' ');
    if (words[0] === 'end') this.ended = true;
    const key = words[0] === 'token' ? words[1] : words[0];
    this.waiting.get(key)?.(words);
    this.waiting.delete(key);
  }

  #ask(key, line) {
    return new Promise((resolve, reject) => {
      this.waiting.set(key, resolve);
      this.exit.then((code) => reject(new Error(`probe ended with ${code}: ${this.errors}`)));
      this.child.stdin.write(line);
    });
  }

  /** {code, sub} of a token. */
  async check(token) {
    const id = String(this.next++);
    const [, , code, sub] = await this.#ask(id, `token ${id} ${token}\n`);
    return { code, sub: sub === '-' ? null : sub };
  }

  async code(token) {
    return (await this.check(token)).code;
  }

  async hasKeys() {
    return (await this.#ask('keys', 'keys\n'))[1] === '1';
  }

  /** Ends it, and resolves to its exit status. */
  async end() {
    this.child.stdin.end();
    return this.exit;
  }
}
