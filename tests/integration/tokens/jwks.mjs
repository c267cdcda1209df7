// A key set over HTTP that can go wrong in every way, and counts who asks.
import { createServer } from 'node:http';

export class Jwks {
  static async start(keys) {
    const jwks = new Jwks();
    jwks.keys = keys;
    jwks.mode = 'ok';
    jwks.hits = 0;
    jwks.server = createServer((request, response) => jwks.#answer(request, response));
    await new Promise((resolve) => jwks.server.listen(0, '127.0.0.1', resolve));
    jwks.port = jwks.server.address().port;
    jwks.url = `http://127.0.0.1:${jwks.port}/oidc/jwks`;
    return jwks;
  }

  get body() {
    const keys = this.keys.map(({ d, p, q, dp, dq, qi, ...open }) => open);
    return JSON.stringify({ keys });
  }

  #answer(request, response) {
    if (request.url === '/elsewhere') {
      return response.end(this.body);
    }
    this.hits++;
    this.#wake?.();
    switch (this.mode) {
      case 'ok':
        response.setHeader('Content-Type', 'application/jwk-set+json; charset=utf-8');
        return response.end(this.body);
      case 'chunked':
        response.write(this.body.slice(0, 20));
        return response.end(this.body.slice(20));
      case '500':
        response.statusCode = 500;
        return response.end(this.body); // good keys under a bad status are still no answer
      case 'garbage':
        return response.end('<html>Bad gateway</html>');
      case 'empty':
        return response.end('{"keys":[]}');
      case 'big':
        return response.end(this.body + ' '.repeat(1 << 20));
      case 'big chunked':
        response.write(this.body);
        return response.end(' '.repeat(1 << 20));
      case 'short':
        response.setHeader('Content-Length', 100000);
        response.write(this.body);
        return request.socket.destroy();
      case 'hang':
        return undefined;
      case 'redirect':
        response.statusCode = 302;
        response.setHeader('Location', '/elsewhere');
        return response.end();
      case 'circle':
        response.statusCode = 302;
        response.setHeader('Location', request.url);
        return response.end();
      case 'redirect to a file':
        response.statusCode = 302;
        response.setHeader('Location', `file://${this.file}`);
        return response.end();
      default:
        throw new Error(this.mode);
    }
  }

  #wake = null;

  /** Resolves when somebody has asked `count` times. */
  async asked(count) {
    while (this.hits < count) await new Promise((resolve) => (this.#wake = resolve));
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
