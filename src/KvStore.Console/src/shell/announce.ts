import { signal } from "@preact/signals";

/** What screen readers say next. */
export const announcement = signal("");

/** Has screen readers say what happened, when they are done with what they say now. */
export function announce(text: string): void {
    // A region whose text stays the same says nothing, so the same text twice differs by a space.
    announcement.value = announcement.peek() === text ? `${text}\u00a0` : text;
}
