import { draftOf, type Draft, type Version } from "./draft.js";

/** Values of the past that the user wants to store again, by key: the page of the entry begins with them as a draft. */
const wanted = new Map<string, Draft>();

/** Has the page of a key begin with a version as its draft. */
export const restoreAs = (key: string, version: Version): void => void wanted.set(key, draftOf(version));

/** The draft that the page of a key is to begin with, once. */
export function takeRestoration(key: string): Draft | undefined {
    const draft = wanted.get(key);
    wanted.delete(key);
    return draft;
}
