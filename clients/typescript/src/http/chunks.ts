import { KvStoreError } from "./errors.js";
import type { Deadline } from "./time.js";

/** The bytes of a long answer as they arrive. Throws a {@link KvStoreError} if the connection breaks or is silent for too long: the answer is not whole then. */
export async function* readChunks(body: ReadableStream<Uint8Array>, deadline: Deadline, silenceMaxMs: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const reader = body.getReader();
    const cancel = (): void => void reader.cancel().catch(() => undefined);
    deadline.signal.addEventListener("abort", cancel);
    if (deadline.signal.aborted)
        cancel();
    try {
        while (true) {
            deadline.set(silenceMaxMs);
            const { done, value } = await reader.read().catch((cause: unknown) => {
                signal?.throwIfAborted();
                throw broken(cause);
            });

            // A reader that was cancelled ends like one that has read everything.
            signal?.throwIfAborted();
            if (done && deadline.isOver)
                throw broken(undefined);
            if (done)
                return;

            // The time that a reader takes is not silence of the service.
            deadline.pause();
            yield value;
        }
    } finally {
        deadline.end();
    }
}

/** The lines of an answer without their line breaks; the last one may have none. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, charactersMax: number): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    let parts: string[] = [];
    let length = 0;
    for await (const chunk of chunks) {
        const lines = decoder.decode(chunk, { stream: true }).split("\n");
        const last = lines.pop()!;
        for (const line of lines) {
            parts.push(line);
            yield parts.join("");
            parts = [];
            length = 0;
        }

        parts.push(last);
        length += last.length;
        if (length > charactersMax)
            throw new KvStoreError(`A line is larger than responseBytesMax, ${charactersMax} bytes.`, { outcome: "not-applied", isTransient: false });
    }

    const rest = parts.join("");
    if (rest !== "")
        yield rest;
}

function broken(cause: unknown): KvStoreError {
    return new KvStoreError("The connection broke before the answer was complete. Discard what has arrived, and begin again.", { outcome: "not-applied", isTransient: true, cause });
}
