import type { CrdtType } from "../crdt/index.js";
import { fromBase64 } from "../crdt/deltas/base64.js";
import { KvStoreError } from "../http/errors.js";
import type { ServerEvent } from "../http/events.js";
import type { Exchange } from "./exchange.js";

/** What following a value has to say. */
export interface FollowingListener {
    /** Something of others has arrived. */
    onMerged(): void;

    /** The connection is live, or something was sent. */
    onSynced(): void;
}

/** The time while a replica is connected: changes of others arrive by a watch, and what is done here is sent as it is made. */
export class Following<T extends CrdtType> {
    #work = new Signal();
    #needed: "send" | "exchange" | "renew" | undefined;
    #connection: AbortController | undefined;
    #acknowledgement: ReturnType<typeof setTimeout> | undefined;

    constructor(readonly exchange: Exchange<T>, readonly acknowledgeDelayMs: number, readonly listener: FollowingListener) {
    }

    /** Sends what is not sent. */
    send(): void {
        this.#need("send");
    }

    /** Ends the connection, which is made again. */
    interrupt(): void {
        this.#connection?.abort(new KvStoreError("The connection to the network is gone.", { outcome: "not-applied", isTransient: true }));
    }

    /** Follows until the connection ends. Throws what ended it, if that was an error. */
    async run(signal: AbortSignal): Promise<void> {
        const connection = this.#connection = new AbortController();
        const abort = (): void => connection.abort(signal.reason);
        signal.addEventListener("abort", abort);
        const sending = this.#sendWhile(connection);
        try {
            const events = await this.exchange.calls.watch(String(this.exchange.copy.replica.version), connection.signal);
            for await (const event of events) {
                if (this.#handle(event) === "end")
                    break;
            }
        } catch (error) {
            // What ended the connection is what there is to say, not that it was ended.
            if (!connection.signal.aborted)
                connection.abort(error);
        } finally {
            const isEndedHere = connection.signal.aborted;
            connection.abort();
            signal.removeEventListener("abort", abort);
            clearTimeout(this.#acknowledgement);
            this.#acknowledgement = undefined;
            await sending;
            if (isEndedHere)
                connection.signal.throwIfAborted();
        }
    }

    #handle(event: ServerEvent): "end" | undefined {
        switch (event.name) {
            case "delta": {
                const { delta } = JSON.parse(event.data) as { delta?: string };
                const bytes = delta === undefined ? undefined : fromBase64(delta);
                if (bytes !== undefined) {
                    const next = this.exchange.merge(bytes);
                    if (next === "merged")
                        this.#acknowledgeLater();
                    else
                        this.#need(next);
                    this.listener.onMerged();
                }

                this.listener.onSynced();
                return undefined;
            }
            case "sync":
                this.#need("exchange");
                return undefined;
            case "delete":
                throw final("not-found", "The value was deleted.");
            case "revoked":
                throw final("unauthorized", "The key was removed or changed, or has expired.");
            case "reconnect":
            case "gone":
                return "end";
            default:
                return undefined;
        }
    }

    async #sendWhile(connection: AbortController): Promise<void> {
        const { signal } = connection;
        while (await this.#work.wait(signal)) {
            try {
                const needed = this.#needed;
                this.#needed = undefined;
                if (needed === "send" && !this.exchange.copy.hasUnsent)
                    continue;
                if (needed === "renew")
                    await this.exchange.renew(signal);
                await (needed === "exchange" ? this.exchange.run(signal) : this.exchange.send(signal));
                if (needed !== "send")
                    this.listener.onMerged();
                this.listener.onSynced();
            } catch (error) {
                if (!signal.aborted)
                    connection.abort(error);
            }
        }
    }

    #need(what: "send" | "exchange" | "renew"): void {
        if (this.#needed !== "renew" && (this.#needed !== "exchange" || what === "renew"))
            this.#needed = what;
        this.#work.set();
    }

    // A replica that has changed something is waited for before what it may refer to is collected.
    #acknowledgeLater(): void {
        if (!this.exchange.copy.isAuthor)
            return;
        this.#acknowledgement ??= setTimeout(() => {
            this.#acknowledgement = undefined;
            this.#need("exchange");
        }, this.acknowledgeDelayMs);
    }
}

/** Work that waits to be done: however often it is set, the next wait ends once. */
class Signal {
    #isSet = false;
    #notify: (() => void) | undefined;

    set(): void {
        this.#isSet = true;
        this.#notify?.();
    }

    /** False if the wait was ended. */
    async wait(signal: AbortSignal): Promise<boolean> {
        if (!this.#isSet && !signal.aborted) {
            await new Promise<void>(resolve => {
                this.#notify = resolve;
                signal.addEventListener("abort", () => resolve(), { once: true });
            });
        }

        const { aborted } = signal;
        if (!aborted)
            this.#isSet = false;
        return !aborted;
    }
}

function final(name: string, detail: string): KvStoreError {
    return new KvStoreError(detail, { problem: { name, detail, members: {} }, outcome: "not-applied", isTransient: false });
}
