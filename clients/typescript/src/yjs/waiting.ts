/** Waits, or returns at once when the signal is aborted. */
export const wait = (milliseconds: number, signal: AbortSignal) => new Promise<void>(resolve => {
    if (signal.aborted)
        return resolve();
    const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
});

/** How long to wait before the next attempt: doubling from 0.25 to 30 seconds, spread so that clients do not come back together. */
export const backoff = (failures: number) => Math.min(30_000, 250 * 2 ** Math.max(0, failures - 1)) * (0.5 + Math.random() / 2);
