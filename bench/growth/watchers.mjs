// Watchers of one prefix, and how late they hear of writes.
//
// Only a few of them, spread evenly, are read, and their events get the time at which they arrive. The others' events wait in the buffers of
// their sockets: a program that reads from 10,000 sockets on the processors of the service would measure itself.
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { status } from "./load.mjs";

const readMax = 100;
const opening = 100;

function connect(port) {
    return new Promise((resolve, reject) => {
        const socket = new net.Socket();
        socket.pause();
        socket.setNoDelay(true);
        socket.once("error", reject);
        socket.connect(port, "127.0.0.1", () => resolve(socket));
    });
}

/** Calls back with the number of each event whose value begins with "at" and its number, and the time of its arrival. */
function read(socket, onEvent) {
    let rest = "";
    socket.setEncoding("latin1");
    socket.on("data", text => {
        const now = performance.now();
        rest += text;
        let end = 0;
        for (const match of rest.matchAll(/"text":"at(\d+)\./g)) {
            onEvent(Number(match[1]), now);
            end = match.index + match[0].length;
        }
        rest = rest.slice(Math.max(end, rest.length - 64));
    });
    socket.resume();
}

export class Watchers {
    #sockets = [];
    #arrivals = [];
    #service;

    /** Returns when all of them watch. */
    static async open(service, count) {
        const watchers = new Watchers();
        watchers.#service = service;
        const before = await status(service, "watchers");
        const every = Math.max(1, Math.floor(count / readMax));
        for (let first = 0; first < count; first += opening) {
            const numbers = Array.from({ length: Math.min(opening, count - first) }, (_, i) => first + i);
            await Promise.all(numbers.map(async number => {
                const socket = await connect(service.port);
                socket.write("GET /v1/watch?prefix=watched/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
                if (number % every === 0)
                    read(socket, (event, at) => watchers.#arrivals.push([event, at]));
                watchers.#sockets.push(socket);
            }));
        }
        while (await status(service, "watchers") < before + count)
            await pause(20);
        return watchers;
    }

    /** Writes at a fixed rate for some seconds, and returns the milliseconds that each event took from its write to each watcher that is read. */
    async deliver(perSecond, seconds) {
        this.#arrivals.length = 0;
        const sent = await writePaced(this.#service, perSecond, seconds);
        await pause(500);
        return this.#arrivals.filter(([event]) => sent.has(event)).map(([event, at]) => at - sent.get(event));
    }

    /** Returns when the service has noticed that all of them are away. */
    async close() {
        for (const socket of this.#sockets)
            socket.destroy();
        while (await status(this.#service, "watchers") > 0)
            await pause(20);
    }
}

let events = 0;

/** Writes below the prefix at a fixed rate, and returns the time at which each of them was sent. */
export async function writePaced(service, perSecond, seconds) {
    const socket = await connect(service.port);
    socket.on("data", () => {});
    socket.resume();
    const sent = new Map();
    const begin = performance.now();
    for (let number = 0; number < perSecond * seconds; number++) {
        await pause(Math.max(0, begin + (number * 1000) / perSecond - performance.now()));
        const value = `at${++events}.`.padEnd(100, ".");
        sent.set(events, performance.now());
        socket.write(`PUT /v1/kv/watched/${number % 100} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: ${value.length}\r\n\r\n${value}`);
    }
    await pause(100);
    socket.destroy();
    return sent;
}
