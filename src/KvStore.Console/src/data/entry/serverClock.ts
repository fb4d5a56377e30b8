import { signal } from "@preact/signals";
import { session } from "../../session/session.js";

/** How far the clock of the service is ahead of that of the browser, in milliseconds, to a second. */
const aheadMs = signal(0);

/** The present second, for countdowns. It stands still while nothing counts down. */
const now = signal(Date.now());
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The time of the service. An expiry is a time of its clock, and the one of a browser may be minutes off. */
export const serverNow = (): number => now.value + aheadMs.value;

/** Counts while something is shown that counts down. Returns what ends that. */
export function countDown(): () => void {
    if (users++ === 0) {
        now.value = Date.now();
        timer = setInterval(() => (now.value = Date.now()), 1000);
    }

    return () => {
        if (--users === 0)
            clearInterval(timer);
    };
}

/** How many seconds an entry has left, so that a write can keep its expiry: a PUT without one would remove it. */
export function secondsLeft(expiresAt: Date): number {
    return Math.max(1, Math.ceil((expiresAt.getTime() - (Date.now() + aheadMs.peek())) / 1000));
}

/** Compares the clocks. */
export async function compareClocks(): Promise<void> {
    const start = Date.now();
    try {
        const date = (await fetch(`${session.address}/livez`, { method: "HEAD", cache: "no-store", credentials: "omit" })).headers.get("Date");
        const middle = (start + Date.now()) / 2;

        // The header has whole seconds, so on average the time is half a second later.
        const difference = date === null ? 0 : Date.parse(date) + 500 - middle;
        aheadMs.value = Math.abs(difference) < 1500 ? 0 : difference;
    } catch {
        // Then the clocks are taken to be the same.
    }
}
