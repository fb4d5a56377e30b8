/** Waits; ends at once when the signal aborts, without an error. */
export function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise(resolve => {
        if (signal?.aborted)
            return resolve();
        const end = (): void => {
            clearTimeout(timer);
            signal?.removeEventListener("abort", end);
            resolve();
        };
        const timer = setTimeout(end, milliseconds);
        signal?.addEventListener("abort", end);
    });
}

/** The delay before a retry: it doubles with each further one, and up to half of it is random. */
export function backoff(retry: number, first: number, max: number, asked = 0): number {
    return Math.min(max, Math.max(asked, first * 2 ** Math.min(retry, 20) * (1 - Math.random() / 2)));
}

/** A deadline that can be set anew, and that the abort of another signal reaches at once. */
export class Deadline {
    readonly #controller = new AbortController();
    readonly #outer: AbortSignal | undefined;
    readonly #onAbort = (): void => this.#controller.abort(this.#outer?.reason);
    #timer: ReturnType<typeof setTimeout> | undefined;

    /** Whether the time was over, and not the other signal aborted. */
    isOver = false;

    constructor(milliseconds: number, outer?: AbortSignal) {
        this.#outer = outer;
        outer?.addEventListener("abort", this.#onAbort);
        if (outer?.aborted)
            this.#onAbort();
        this.set(milliseconds);
    }

    get signal(): AbortSignal {
        return this.#controller.signal;
    }

    /** Sets the time anew, from now on. */
    set(milliseconds: number): void {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
            this.isOver = true;
            this.#controller.abort();
        }, milliseconds);
    }

    /** Stops the time until it is set anew. */
    pause(): void {
        clearTimeout(this.#timer);
    }

    /** Releases the timer, and ends what still waits for the signal. */
    end(): void {
        this.pause();
        this.#outer?.removeEventListener("abort", this.#onAbort);
        this.#controller.abort();
    }
}
