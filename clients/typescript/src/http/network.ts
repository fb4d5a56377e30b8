import { KvStoreError } from "./errors.js";

/**
 * What a browser says of its network: a connection does not notice that it is gone before its silence is too long, and a pause may last when the network
 * is there again. Elsewhere nothing is said.
 */
export class Network {
    #connection = new AbortController();
    #pause = new AbortController();
    readonly #onOffline = (): void => this.#connection.abort(new KvStoreError("The browser has lost its network.", { outcome: "not-applied", isTransient: true }));
    readonly #onOnline = (): void => this.#pause.abort();

    constructor(readonly signal: AbortSignal | undefined) {
        globalThis.addEventListener?.("offline", this.#onOffline);
        globalThis.addEventListener?.("online", this.#onOnline);
    }

    /** A signal for the next connection: it ends when the network is gone. */
    connection(): AbortSignal {
        this.#connection = new AbortController();
        return this.#with(this.#connection.signal);
    }

    /** A signal for the next pause: it ends when the network is there again. */
    pause(): AbortSignal {
        this.#pause = new AbortController();
        return this.#with(this.#pause.signal);
    }

    end(): void {
        globalThis.removeEventListener?.("offline", this.#onOffline);
        globalThis.removeEventListener?.("online", this.#onOnline);
    }

    #with(signal: AbortSignal): AbortSignal {
        return this.signal === undefined ? signal : AbortSignal.any([this.signal, signal]);
    }
}
