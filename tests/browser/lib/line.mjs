// The line between one tab and the world: a proxy on the loopback interface that can be cut as a phone's
// network is, so that both ends notice, and mended.

import { createServer, request } from "node:http";
import { connect } from "node:net";

export class Line {
    #ends = new Set();
    #isCut = false;
    #server = createServer((asked, answer) => this.#forward(asked, answer));

    static async open() {
        const line = new Line();
        line.#server.on("connect", (asked, client, head) => line.#tunnel(asked, client, head));
        line.#server.on("connection", (socket) => line.#admit(socket));
        await new Promise((done) => line.#server.listen(0, "127.0.0.1", done));
        line.address = `http://127.0.0.1:${line.#server.address().port}`;
        return line;
    }

    #admit(socket) {
        socket.on("error", () => {});
        if (this.#isCut) {
            socket.destroy();
            return;
        }
        this.#ends.add(socket);
        socket.on("close", () => this.#ends.delete(socket));
    }

    #forward(asked, answer) {
        const { host, port, pathname, search } = new URL(asked.url);
        const { method, headers } = asked;
        const onward = request({ host: host.split(":")[0], port, path: pathname + search, method, headers });
        onward.on("response", (given) => {
            answer.writeHead(given.statusCode, given.headers);
            given.pipe(answer);
        });
        onward.on("error", () => answer.destroy());
        asked.pipe(onward);
    }

    #tunnel(asked, client, head) {
        const [host, port] = asked.url.split(":");
        const far = connect(Number(port), host, () => {
            client.write("HTTP/1.1 200 OK\r\n\r\n");
            far.write(head);
            far.pipe(client).pipe(far);
        });
        this.#admit(far);
        far.on("close", () => client.destroy());
        client.on("close", () => far.destroy());
    }

    cut() {
        this.#isCut = true;
        for (const end of this.#ends) {
            end.destroy();
        }
    }

    mend() {
        this.#isCut = false;
    }

    close() {
        this.cut();
        return new Promise((done) => this.#server.close(done));
    }
}
