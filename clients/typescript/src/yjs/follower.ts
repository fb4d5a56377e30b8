import { RequestError, type Item, type Service } from "./service.js";

export interface Change extends Item {
    readonly type: "put" | "delete" | "expire";
}

export interface FollowerEvents {
    /** The entries that exist come next; what came before is void. */
    readonly loading: () => void;
    readonly entry: (item: Item) => void;
    /** Everything that exists has come, or nothing was missed since the connection ended. */
    readonly live: () => void;
    readonly change: (changes: readonly Change[]) => void;
}

// The service begins to answer at once, and sends something every 10 seconds.
const answerMax = 10_000;
const silenceMax = 25_000;

/** Follows the entries below a prefix over any number of connections, without missing a change. */
export class Follower {
    /** Where the next connection resumes. */
    #position: string | undefined;

    constructor(readonly service: Service, readonly prefix: string, readonly events: FollowerEvents) {
    }

    /** The next connection loads everything. */
    startOver(): void {
        this.#position = undefined;
    }

    /** One connection, until it ends. Throws if there was none. */
    async follow(signal: AbortSignal): Promise<void> {
        const silence = new AbortController();
        let timer: ReturnType<typeof setTimeout> | undefined;
        const heard = (next = silenceMax) => {
            clearTimeout(timer);
            timer = setTimeout(() => silence.abort(), next);
        };
        heard(answerMax);
        try {
            await this.#read(AbortSignal.any([signal, silence.signal]), heard);
        } finally {
            clearTimeout(timer);
        }
    }

    async #read(signal: AbortSignal, heard: () => void): Promise<void> {
        const from = this.#position === undefined ? "initial=true" : `after=${encodeURIComponent(this.#position)}`;
        const response = await this.service.send("GET", `/v1/watch?prefix=${encodeURIComponent(this.prefix)}&${from}`, { signal, timeout: Infinity }).catch(error => {
            // The position has left the history, or another store is there.
            if (error instanceof RequestError && error.status === 410)
                this.startOver();
            throw error;
        });
        if (this.#position === undefined)
            this.events.loading();
        else
            this.events.live();
        for await (const { name, id, data } of eventsOf(response.body!, heard)) {
            if (signal.aborted)
                return;
            this.#handle(name, id, data);
        }
    }

    #handle(name: string, id: string | undefined, data: string): void {
        this.#position = id ?? this.#position;
        switch (name) {
            case "entry":
                this.events.entry(JSON.parse(data) as Item);
                break;
            case "synced":
                this.events.live();
                break;
            case "change":
                this.events.change((JSON.parse(data) as { changes: Change[] }).changes);
                break;
            case "gone":
                this.startOver();
                break;
            case "revoked":
                throw new RequestError(401, "unauthorized", (JSON.parse(data) as { detail: string }).detail);
        }
    }
}

interface ServerSentEvent {
    readonly name: string;
    readonly id: string | undefined;
    readonly data: string;
}

/** The events of a stream, until it ends or breaks. */
async function* eventsOf(body: ReadableStream<Uint8Array>, heard: () => void): AsyncGenerator<ServerSentEvent> {
    const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
    // A line may come in many pieces, which are put together once.
    let pieces: string[] = [];
    let event = { name: "", id: undefined as string | undefined, data: "" };
    try {
        const broken = { done: true, value: undefined } as const;
        const next = () => reader.read().catch(() => broken);
        for (let read = await next(); !read.done; read = await next()) {
            heard();
            pieces.push(read.value);
            if (!read.value.includes("\n"))
                continue;
            const lines = pieces.join("").split("\n");
            pieces = [lines.pop()!];
            for (const line of lines) {
                if (line === "") {
                    if (event.name)
                        yield event;
                    event = { name: "", id: undefined, data: "" };
                } else if (line.startsWith("event: "))
                    event.name = line.slice(7);
                else if (line.startsWith("id: "))
                    event.id = line.slice(4);
                else if (line.startsWith("data: "))
                    event.data += line.slice(6);
            }
        }
    } finally {
        void reader.cancel().catch(() => {});
    }
}
