import { signal } from "@preact/signals";
import type { KvStoreClient } from "kvstore-client";
import { session } from "../../session/session.js";
import { announce } from "../../shell/announce.js";
import { counted } from "../values/figures.js";
import { Counts } from "./counts.js";
import { Live, type LiveChange } from "./live.js";
import { compareKeys, commonPrefix } from "./order.js";
import { Tree, type Line } from "./tree.js";
import type { Row } from "./level.js";

// As long as the animation of a row that has changed.
const flashMs = 1500;

// A screen reader would never come to an end if each change were said.
const announceMs = 5000;

/** The keys below a prefix as they are browsed: the tree, the counts of its groups, and the watch of what is on the screen. */
export class Browser {
    readonly tree: Tree;
    readonly counts: Counts;
    readonly live: Live;

    /** The ids of rows that have just changed. */
    readonly flashes = signal<ReadonlySet<string>>(new Set());

    /** The line that was chosen last, by the keyboard or a click; -1 before that. */
    readonly active = signal(-1);
    #isStarted = false;
    #announced = 0;
    #unannounced = 0;

    constructor(private readonly client: KvStoreClient, readonly prefix: string, delimiter: string) {
        this.tree = new Tree(prefix, delimiter, (prefix, after, rowsMax) => this.#list(prefix, after, rowsMax));
        this.counts = new Counts(prefix => client.count({ prefix }), (prefix, count) => {
            if (count === 0 && prefix !== this.prefix)
                this.tree.removeGroup(prefix, Infinity);
        });
        this.live = new Live(client, { changed: changes => this.#take(changes), missed: () => this.#reload(), failed: session.report });
    }

    dispose(): void {
        this.live.stop();
    }

    /** Stops to watch while it is not on the screen. */
    pause(): void {
        this.live.stop();
    }

    /** Watches again. What was loaded before may be old by now. */
    resume(): void {
        if (this.#isStarted && this.live.prefix === undefined)
            this.live.start(this.prefix, undefined);
    }

    /** Loads, counts and watches what is on the screen. */
    async show(from: number, to: number): Promise<void> {
        await this.tree.show(from, to);
        const { rows } = this.tree.root.segments[0]!;
        if (!this.#isStarted && rows !== undefined) {
            this.#isStarted = true;
            this.live.start(this.prefix, this.tree.root.segments[0]!.revision);
        }

        const lines = this.#linesOf(from, to);
        const groups = lines.flatMap(({ row }) => row !== undefined && row.entry === undefined ? [row.name] : []);
        this.counts.show([this.prefix, ...groups]);
        this.live.show(this.#watched(from, to, lines));
    }

    /** Tries again after an error. */
    retry(): void {
        this.tree.reload();
    }

    /** The service is back: what could not be loaded meanwhile is loaded now. The rest is followed by the watch. */
    retryFailed(): void {
        if (this.tree.hasFailed)
            this.tree.reload();
        this.resume();
    }

    #linesOf(from: number, to: number): readonly Line[] {
        const lines: Line[] = [];
        for (let number = Math.max(0, from); number <= to; number++) {
            const line = this.tree.line(number);
            if (line !== undefined)
                lines.push(line);
        }

        return lines;
    }

    // Rows are in the order of keys, so what lies between the first and the last one on the screen begins with what both begin with. New keys may come
    // before the first row of all or after the last one: then everything is watched.
    #watched(from: number, to: number, lines: readonly Line[]): string {
        const [first, last] = [lines[0]?.row?.name, lines.at(-1)?.row?.name];
        if (from <= 0 || to >= this.tree.lineCount - 1 || first === undefined || last === undefined)
            return this.prefix;
        const common = commonPrefix(first, last);
        return common.length > this.prefix.length ? common : this.prefix;
    }

    async #list(prefix: string, after: string | undefined, rowsMax: number): Promise<{ rows: Row[]; hasMore: boolean; revision: number }> {
        const delimiter = this.tree.delimiter === "" ? undefined : this.tree.delimiter;
        const { items, prefixes, cursor, revision } = await this.client.page({ prefix, after, delimiter, pageSize: rowsMax });
        const rows: Row[] = [...items.map(entry => ({ name: entry.key, entry })), ...prefixes.map(name => ({ name, entry: undefined }))];
        if (items.length > 0 && prefixes.length > 0)
            rows.sort((one, other) => compareKeys(one.name, other.name));
        return { rows, hasMore: cursor !== undefined, revision };
    }

    async #reload(): Promise<number> {
        const { revision } = await this.client.page({ prefix: this.prefix, pageSize: 1 });
        this.counts.allChanged();
        this.tree.reload();
        return revision;
    }

    #take(changes: readonly LiveChange[]): void {
        this.counts.changed(this.prefix);
        const touched = changes.flatMap(({ key, entry, revision }) => this.tree.apply(key, entry, revision));
        for (const id of touched) {
            if (id.startsWith("g"))
                this.counts.changed(id.slice(1));
        }

        if (touched.length === 0)
            return;
        this.flashes.value = new Set([...this.flashes.peek(), ...touched]);
        setTimeout(() => {
            const now = new Set(this.flashes.peek());
            touched.forEach(id => now.delete(id));
            this.flashes.value = now;
        }, flashMs);
        this.#announce(touched.length);
    }

    #announce(count: number): void {
        this.#unannounced += count;
        if (Date.now() - this.#announced < announceMs)
            return;
        announce(`${counted(this.#unannounced, "row has changed", "rows have changed")}.`);
        this.#announced = Date.now();
        this.#unannounced = 0;
    }
}
