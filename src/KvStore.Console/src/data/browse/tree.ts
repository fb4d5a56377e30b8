import type { EntryInfo } from "kvstore-client";
import { signal, type ReadonlySignal } from "@preact/signals";
import { idOf, indexOf, Level, type Lister, type Row, type Segment } from "./level.js";
import { runsOf, type Run } from "./runs.js";

/** A line of the screen: a row, or one that is still to be loaded. */
export interface Line {
    readonly level: Level;
    readonly segment: Segment;
    readonly row: Row | undefined;

    /** Its number among the rows of its segment. */
    readonly at: number;
}

/** A listing of this many rows arrives within some 20 ms, and fills a few screens. */
export const rowsPerSegment = 250;

// 10,000 rows of about 300 bytes. Those that were not shown for the longest time are released beyond that, and loaded again when they are shown.
const segmentsMax = 40;

// More changes than these during one listing, and it is loaded again.
const changesWhileLoadingMax = 10_000;

/**
 * The keys below a prefix as a tree, for any number of keys: only what is or was lately on the screen is in memory. Groups open when they are asked to.
 * Lines are numbered from the top, as they are on the screen.
 */
export class Tree {
    readonly root: Level;

    readonly #changes = signal(0);

    /** Counts the changes of what the lines show. */
    readonly changes: ReadonlySignal<number> = this.#changes;
    readonly #list: Lister;
    #runs: readonly Run[] | undefined;
    #clock = 0;
    #loads = 0;
    // Grows each time that everything is loaded anew.
    #generation = 0;

    // What was seen while a listing was under way.
    #changesWhileLoading: { readonly key: string; readonly entry: EntryInfo | undefined; readonly revision: number }[] = [];

    constructor(prefix: string, readonly delimiter: string, list: Lister) {
        this.root = new Level(prefix, 0);
        this.#list = list;
    }

    /** How many lines there are as far as is known. */
    get lineCount(): number {
        const last = this.#lines().at(-1) ?? { start: 0, count: 0 };
        return last.start + last.count;
    }

    /** Whether the first listing has come, and there is nothing. */
    get isEmpty(): boolean {
        return this.root.segments.length === 1 && this.root.segments[0]!.rows?.length === 0;
    }

    /** The error of the first listing. */
    get error(): unknown {
        return this.root.segments[0]!.error;
    }

    /** Whether a listing has failed that is on the screen, or was. */
    get hasFailed(): boolean {
        return this.#lines().some(({ segment }) => segment.error !== undefined);
    }

    line(number: number): Line | undefined {
        const runs = this.#lines();
        let [low, high] = [0, runs.length];
        while (low < high) {
            const middle = (low + high) >> 1;
            if (runs[middle]!.start + runs[middle]!.count <= number)
                low = middle + 1;
            else
                high = middle;
        }

        const run = runs[low];
        if (run === undefined || number < 0)
            return undefined;
        const at = run.from + number - run.start;
        return { level: run.level, segment: run.segment, row: run.segment.rows?.[at], at };
    }

    /** The number of the line of a row; undefined if it is not loaded. */
    lineOf(id: string): number | undefined {
        for (const { segment, from, count, start } of this.#lines()) {
            const at = segment.rows === undefined ? -1 : indexOf(segment.rows, id.slice(1));
            if (at >= from && at < from + count && idOf(segment.rows![at]!) === id)
                return start + at - from;
        }

        return undefined;
    }

    /** Loads the lines that are shown. */
    async show(from: number, to: number): Promise<void> {
        const loads: Promise<void>[] = [];
        for (const { level, segment, start, count } of this.#lines()) {
            if (start > to || start + count <= from)
                continue;
            segment.usedAt = ++this.#clock;
            if (segment.rows === undefined && !segment.isLoading && segment.error === undefined)
                loads.push(this.#load(level, segment));
        }

        this.#release();
        await Promise.all(loads);
    }

    open(level: Level, prefix: string): void {
        if (!level.children.has(prefix))
            level.children.set(prefix, new Level(prefix, level.depth + 1));
        this.#changed();
    }

    close(level: Level, prefix: string): void {
        level.children.delete(prefix);
        this.#changed();
    }

    /** Takes what a watch has seen. Returns the ids of the rows that differ now: of the entry, and of the groups that it is in. */
    apply(key: string, entry: EntryInfo | undefined, revision: number): readonly string[] {
        if (this.#loads > 0)
            this.#changesWhileLoading.push({ key, entry, revision });
        const touched = this.#apply(key, entry, revision);
        if (touched.length > 0)
            this.#changed();
        return touched;
    }

    #apply(key: string, entry: EntryInfo | undefined, revision: number): readonly string[] {
        const touched: string[] = [];
        for (let level: Level | undefined = this.root; level !== undefined && key.startsWith(level.prefix);) {
            const end: number = this.delimiter === "" ? -1 : key.indexOf(this.delimiter, level.prefix.length);
            if (end < 0) {
                if (entry === undefined ? level.remove(key, revision) : level.put({ name: key, entry }, revision, rowsPerSegment))
                    touched.push(`e${key}`);
                break;
            }

            const group: string = key.slice(0, end + this.delimiter.length);
            if (level.find(group) !== undefined || (entry !== undefined && level.put({ name: group, entry: undefined }, revision, rowsPerSegment)))
                touched.push(`g${group}`);
            level = level.children.get(group);
        }

        return touched;
    }

    /** Removes a group that has no keys any more. */
    removeGroup(prefix: string, revision: number): void {
        if (this.#levelOf(prefix)?.remove(prefix, revision))
            this.#changed();
    }

    /** Loads everything anew, when changes were missed or a listing has failed. What is open stays open. */
    reload(): void {
        this.#generation++;
        const levels = [this.root];
        for (let level = levels.pop(); level !== undefined; level = levels.pop()) {
            levels.push(...level.children.values());
            for (const segment of level.segments)
                this.#unload(segment);
        }

        this.#changed();
    }

    #levelOf(prefix: string): Level | undefined {
        let level: Level | undefined = this.root;
        while (level !== undefined) {
            const end: number = prefix.indexOf(this.delimiter, level.prefix.length) + this.delimiter.length;
            if (end >= prefix.length)
                return level;
            level = level.children.get(prefix.slice(0, end));
        }

        return undefined;
    }

    async #load(level: Level, segment: Segment): Promise<void> {
        segment.isLoading = true;
        this.#loads++;
        const generation = this.#generation;
        try {
            const { rows, hasMore, revision } = await this.#list(level.prefix, segment.after, rowsPerSegment);
            if (generation === this.#generation)
                this.#take(level, segment, rows, hasMore, revision);
        } catch (error) {
            segment.error = generation === this.#generation ? error : undefined;
        }

        segment.isLoading = false;
        if (--this.#loads === 0)
            this.#changesWhileLoading = [];
        this.#changed();
    }

    // A watch can overtake a listing: the listing reads revision 7, the watch sees revision 8 while there are no rows to change, and the listing arrives. So
    // what was seen meanwhile is seen again; rows that have it already ignore it by its revision.
    #take(level: Level, segment: Segment, rows: readonly Row[], hasMore: boolean, revision: number): void {
        level.fill(segment, rows, hasMore, revision);
        if (this.#changesWhileLoading.length > changesWhileLoadingMax) {
            this.#unload(segment);
            this.#changesWhileLoading = [];
            return;
        }

        for (const change of this.#changesWhileLoading)
            this.#apply(change.key, change.entry, change.revision);
    }

    // A row between the first and the last one of a segment that was released keeps its place, because the segment takes as many lines as before.
    #release(): void {
        const runs = this.#lines().filter(({ segment }) => segment.rows !== undefined);
        const segments = [...new Set(runs.map(({ segment }) => segment))];
        if (segments.length <= segmentsMax)
            return;
        const levels = new Map(runs.map(({ level, segment }) => [segment, level]));
        const idle = segments.filter(segment => !this.#hasOpenGroup(levels.get(segment)!, segment)).sort((one, other) => one.usedAt - other.usedAt);
        for (const segment of idle.slice(0, segments.length - segmentsMax))
            this.#unload(segment);
        this.#runs = undefined;
    }

    #hasOpenGroup(level: Level, segment: Segment): boolean {
        return [...level.children.keys()].some(prefix => level.segmentOf(prefix) === segment);
    }

    #unload(segment: Segment): void {
        segment.expected = Math.max(1, segment.rows?.length ?? segment.expected);
        segment.rows = undefined;
        segment.error = undefined;
    }

    #changed(): void {
        this.#runs = undefined;
        this.#changes.value++;
    }

    #lines(): readonly Run[] {
        return this.#runs ??= runsOf(this.root);
    }
}
