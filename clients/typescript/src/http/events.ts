import type { Deadline } from "./time.js";
import { KvStoreError } from "./errors.js";

/** One server-sent event. */
export interface ServerEvent {
    readonly name: string;
    readonly id: string | undefined;
    readonly data: string;
}

/**
 * Parses server-sent events as they arrive. The stream ends when the connection does, however that is, or when it is silent for too long: the service
 * sends something every 10 seconds, so a longer silence is a dead connection.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>, deadline: Deadline, silenceMaxMs: number, charactersMax: number): AsyncGenerator<ServerEvent> {
    const reader = body.getReader();
    const cancel = (): void => void reader.cancel().catch(() => undefined);

    // What sends requests has ended the stream then as well, unless it is one that does not care for its signal while the body arrives.
    deadline.signal.addEventListener("abort", cancel);
    if (deadline.signal.aborted)
        cancel();
    const decoder = new TextDecoder();
    let rest = "";
    try {
        while (true) {
            deadline.set(silenceMaxMs);
            const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
            if (done)
                return;
            const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
            rest = blocks.pop()!;
            if (rest.length > charactersMax)
                throw new KvStoreError(`An event is larger than responseBytesMax, ${charactersMax} bytes.`, { outcome: "not-applied", isTransient: false });
            for (const block of blocks) {
                const event = parse(block);
                if (event !== undefined)
                    yield event;
            }
        }
    } finally {
        deadline.end();
    }
}

function parse(block: string): ServerEvent | undefined {
    let name = "message";
    let id: string | undefined;
    const data: string[] = [];
    for (const line of block.split("\n")) {
        const colon = line.indexOf(":");
        const value = line.slice(colon + 1).replace(/^ /, "");
        switch (line.slice(0, colon)) {
            case "event":
                name = value;
                break;
            case "id":
                id = value;
                break;
            case "data":
                data.push(value);
                break;
        }
    }

    return data.length === 0 ? undefined : { name, id, data: data.join("\n") };
}
