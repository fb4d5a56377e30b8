import type { EntryInfo } from "kvstore-client";
import { compareKeys } from "./order.js";

/** A row of the tree: an entry, or a group of keys that share a prefix. The name is the key, or the prefix. */
export interface Row {
    readonly name: string;

    /** Undefined for a group. */
    readonly entry: EntryInfo | undefined;
}

/** Lists what is directly below a prefix, after a name. */
export type Lister = (prefix: string, after: string | undefined, rowsMax: number) => Promise<{ readonly rows: readonly Row[]; readonly hasMore: boolean; readonly revision: number }>;

/** What a row is known by on the screen. An entry can have the name of the group that it is in: the key `a/` is in the group `a/`. */
export const idOf = (row: Row): string => (row.entry === undefined ? "g" : "e") + row.name;

/** The rows after a name, up to and with another one. They are loaded when they are shown, and released when many others were shown since. */
export interface Segment {
    /** The name before the first row; undefined at the beginning of the level. */
    readonly after: string | undefined;

    /** The last name that belongs here; undefined if nothing is known of what comes after, or there is nothing. */
    end: string | undefined;

    /** Undefined while they are not loaded. */
    rows: Row[] | undefined;

    /** How many rows it takes on the screen while they are not loaded. */
    expected: number;

    /** The state that the rows are from. */
    revision: number;

    /** When it was last shown; a counter. */
    usedAt: number;
    isLoading: boolean;
    error: unknown;
}

/** One level of the tree: what is directly below a prefix. */
export class Level {
    readonly segments: Segment[];

    /** The groups of it that are open. */
    readonly children = new Map<string, Level>();

    constructor(readonly prefix: string, readonly depth: number) {
        this.segments = [segmentAfter(undefined, undefined)];
    }

    /** The segment that a name belongs to. */
    segmentOf(name: string): Segment {
        return this.segments.find(({ end }) => end === undefined || compareKeys(name, end) <= 0) ?? this.segments.at(-1)!;
    }

    /** Takes what a listing has found after the beginning of a segment. */
    fill(segment: Segment, rows: readonly Row[], hasMore: boolean, revision: number): void {
        const within = segment.end === undefined ? [...rows] : rows.filter(({ name }) => compareKeys(name, segment.end!) <= 0);
        segment.rows = within;
        segment.revision = revision;
        segment.error = undefined;

        // More rows than one listing gives: what remains is a segment of its own.
        const last = within.at(-1)?.name;
        if (hasMore && within.length === rows.length && last !== undefined && last !== segment.end) {
            const rest = segmentAfter(last, segment.end);
            segment.end = last;
            this.segments.splice(this.segments.indexOf(segment) + 1, 0, rest);
        }
    }

    /** Puts a row where it belongs, or in place of the one of its name. Returns false if its segment is not loaded, or newer than the change. */
    put(row: Row, revision: number, rowsMax: number): boolean {
        const segment = this.segmentOf(row.name);
        if (segment.rows === undefined || segment.revision >= revision)
            return false;
        const at = indexOf(segment.rows, row.name);
        if (segment.rows[at]?.name === row.name) {
            segment.rows[at] = row;
            return true;
        }

        segment.rows.splice(at, 0, row);
        if (segment.rows.length > 2 * rowsMax)
            this.#split(segment, rowsMax);
        return true;
    }

    /** Removes a row. Returns whether there was one. */
    remove(name: string, revision: number): boolean {
        const { rows, revision: known } = this.segmentOf(name);
        if (rows === undefined || known >= revision)
            return false;
        const at = indexOf(rows, name);
        if (rows[at]?.name !== name)
            return false;
        rows.splice(at, 1);
        this.children.delete(name);
        return true;
    }

    /** The row of a name, if it is loaded. */
    find(name: string): Row | undefined {
        const { rows } = this.segmentOf(name);
        const row = rows?.[indexOf(rows, name)];
        return row?.name === name ? row : undefined;
    }

    #split(segment: Segment, rowsMax: number): void {
        const rest = { ...segmentAfter(segment.rows![rowsMax - 1]!.name, segment.end), rows: segment.rows!.splice(rowsMax), revision: segment.revision, usedAt: segment.usedAt };
        segment.end = rest.after;
        this.segments.splice(this.segments.indexOf(segment) + 1, 0, rest);
    }
}

function segmentAfter(after: string | undefined, end: string | undefined): Segment {
    return { after, end, rows: undefined, expected: 1, revision: 0, usedAt: 0, isLoading: false, error: undefined };
}

/** Where a name is, or would be. */
export function indexOf(rows: readonly Row[], name: string): number {
    let [low, high] = [0, rows.length];
    while (low < high) {
        const middle = (low + high) >> 1;
        if (compareKeys(rows[middle]!.name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }

    return low;
}
