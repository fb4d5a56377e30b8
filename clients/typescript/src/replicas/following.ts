import type { CrdtType } from "../crdt/index.js";
import { KvStoreError } from "../http/errors.js";
import type { ServerEvent } from "../http/events.js";
import { parseAnswer } from "./calls.js";
import type { Exchange } from "./exchange.js";

/** The time while a replica is connected: changes of others arrive by a watch, and what is done here is sent as it is made. */
export class Following<T extends CrdtType> {
    #work = new Signal();
    #needed: "send" | "exchange" | "renew" | undefined;
    #connection: AbortController | undefined;
    #hasTaken = false;
    #isUpkeepDue = false;

    /**
     * @param upkeepIntervalMs How often what arrived is acknowledged, and the upkeep is called.
     * @param upkeep What is to be done now and then while the connection is live.
     * @param onSynced Called when the connection is live, and when something was sent.
     */
    constructor(readonly exchange: Exchange<T>, readonly upkeepIntervalMs: number, readonly upkeep: (signal: AbortSignal) => Promise<void>, readonly onSynced: () => void) {
    }

    /** Sends what is not sent. */
    send(): void {
        this.#need("send");
    }

    /** Ends the connection for a reason. False if there is none. */
    interrupt(reason: unknown): boolean {
        const isConnected = this.#connection?.signal.aborted === false;
        this.#connection?.abort(reason);
        return isConnected;
    }

    /** Follows until the connection ends. Throws what ended it, if that was an error. */
    async run(signal: AbortSignal): Promise<void> {
        signal.throwIfAborted();
        const connection = this.#connection = new AbortController();
        const abort = (): void => connection.abort(signal.reason);
        signal.addEventListener("abort", abort);
        const sending = this.#sendWhile(connection);
        const timer = setInterval(() => {
            this.#isUpkeepDue = true;
            this.#work.set();
        }, this.upkeepIntervalMs);
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
            clearInterval(timer);
            await sending;
            if (isEndedHere)
                connection.signal.throwIfAborted();
        }
    }

    #handle(event: ServerEvent): "end" | undefined {
        switch (event.name) {
            case "delta": {
                const next = this.exchange.take(parseAnswer(event.data));
                if (next === "taken")
                    this.#hasTaken = true;
                else
                    this.#need(next);
                this.onSynced();
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
                if (this.#isUpkeepDue)
                    await this.#keepUp(signal);
                const needed = this.#needed;
                this.#needed = undefined;
                if (needed === undefined || (needed === "send" && !this.exchange.copy.hasUnsent))
                    continue;
                if (needed === "renew")
                    await this.exchange.renew(signal);
                await (needed === "exchange" ? this.exchange.run(signal) : this.exchange.send(signal));
                this.onSynced();
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

    // The hub waits for a replica that has changed something before it collects what that may refer to.
    async #keepUp(signal: AbortSignal): Promise<void> {
        this.#isUpkeepDue = false;
        if (this.#hasTaken && this.exchange.copy.isAuthor)
            this.#need("exchange");
        this.#hasTaken = false;
        await this.upkeep(signal);
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
