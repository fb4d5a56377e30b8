import { fromBase64 } from "../crdt/deltas/base64.js";
import type { Call, Sender } from "../http/sender.js";

/** An entry as batch reads and watches give it. */
export interface Item {
    readonly key: string;
    readonly revision: number;
    readonly size: number;
    readonly text?: string;
    readonly base64?: string;
}

export const entryTarget = (key: string): string => `/v1/kv/${encodeURIComponent(key)}`;

/** The value of an item. The service gives bytes that happen to be UTF-8 as text. */
export const valueOf = (item: Item): Uint8Array =>
    (item.base64 === undefined ? new TextEncoder().encode(item.text ?? "") : fromBase64(item.base64)) ?? new Uint8Array();

/** Posts JSON, and returns the JSON of the answer. */
export async function post<T>(sender: Sender, target: string, body: unknown, call: Pick<Call, "signal" | "idempotencyKey">): Promise<T> {
    const answer = await sender.send({ method: "POST", target, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), ...call });
    return JSON.parse(new TextDecoder().decode(answer.bytes)) as T;
}
