import type { Deadline } from "./time.js";
import { KvStoreError } from "./errors.js";

/** One server-sent event. */
export interface ServerEvent {
    readonly name: string;
    readonly id: string | undefined;
    readonly data: string;

    /** How long the service asks to wait before the next connection. */
    readonly retryMs?: number;
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

    // What is not a whole event yet, in the parts in which it came: joined once, because an event may be large.
    let parts: string[] = [];
    let length = 0;
    try {
        while (true) {
            deadline.set(silenceMaxMs);
            const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
            if (done)
                return;

            // The time that a reader takes for an event is not silence of the service.
            deadline.pause();
            const text = decoder.decode(value, { stream: true });
            const isWhole = text.includes("\n\n") || (text.startsWith("\n") && parts.at(-1)?.endsWith("\n") === true);
            if (text !== "")
                parts.push(text);
            length += text.length;
            if (isWhole) {
                const blocks = parts.join("").split("\n\n");
                const rest = blocks.pop()!;
                parts = rest === "" ? [] : [rest];
                length = rest.length;
                for (const block of blocks) {
                    const event = parse(block);
                    if (event !== undefined)
                        yield event;
                }
            }

            if (length > charactersMax)
                throw new KvStoreError(`An event is larger than responseBytesMax, ${charactersMax} bytes.`, { outcome: "not-applied", isTransient: false });
        }
    } finally {
        deadline.end();
    }
}

function parse(block: string): ServerEvent | undefined {
    let name = "message";
    let id: string | undefined;
    let retryMs: number | undefined;
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
            case "retry":
                retryMs = /^\d+$/.test(value) ? Number(value) : undefined;
                break;
        }
    }

    return data.length === 0 ? undefined : { name, id, data: data.join("\n"), ...(retryMs === undefined ? {} : { retryMs }) };
}
