import { signal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { session } from "../session/session.js";

/** What was answered last, and what went wrong since. */
export interface Polled<T> {
    readonly value: T | undefined;
    readonly error: unknown;
}

/**
 * Asks again and again while a component is there, the page is visible and the service answers. One question at a time: a slow service is not asked
 * faster than it answers.
 */
export function usePolled<T>(ask: (signal: AbortSignal) => Promise<T>, periodMs: number): ReadonlySignal<Polled<T>> {
    const polled = useMemo(() => signal<Polled<T>>({ value: undefined, error: undefined }), []);
    const { value: epoch } = session.epoch;
    useEffect(() => {
        const stop = new AbortController();
        void repeat(ask, periodMs, stop.signal, (next) => {
            polled.value = { value: next.value ?? polled.peek().value, error: next.error };
        });
        return () => stop.abort();
    }, [epoch]);
    return polled;
}

async function repeat<T>(ask: (signal: AbortSignal) => Promise<T>, periodMs: number, stop: AbortSignal, take: (next: Polled<T>) => void): Promise<void> {
    // What goes wrong each time is said once.
    let said: string | undefined;
    while (!stop.aborted) {
        if (session.online.peek() && !document.hidden) {
            try {
                const value = await ask(stop);
                if (!stop.aborted)
                    take({ value, error: undefined });
                said = undefined;
            } catch (error) {
                if (stop.aborted)
                    return;
                take({ value: undefined, error });
                if (String(error) !== said)
                    session.report(error);
                said = String(error);
            }
        }

        await pause(periodMs, stop);
    }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        const timer = setTimeout(done, ms);
        stop.addEventListener("abort", done, { once: true });
        document.addEventListener("visibilitychange", done, { once: true });
        function done(): void {
            clearTimeout(timer);
            stop.removeEventListener("abort", done);
            document.removeEventListener("visibilitychange", done);
            resolve();
        }
    });
}
