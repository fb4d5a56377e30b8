import type { Block } from "./block.js";

const chunkMax = 256;

/** The blocks of one author by their sequences: a list of chunks, so that a search is logarithmic and an insertion moves little. */
export class BlockIndex {
    readonly #chunks: Block[][] = [];

    get isEmpty(): boolean {
        return this.#chunks.length === 0;
    }

    /** The block that has an element; undefined if there is none. */
    find(sequence: number): Block | undefined {
        const block = this.firstFrom(sequence);
        return block !== undefined && block.first <= sequence ? block : undefined;
    }

    /** The first block that has elements from a sequence on. */
    firstFrom(sequence: number): Block | undefined {
        if (this.isEmpty)
            return undefined;
        const at = this.#chunkOf(sequence);
        const chunk = this.#chunks[at]!;
        const count = countUpTo(chunk, sequence);
        if (count > 0 && chunk[count - 1]!.last >= sequence)
            return chunk[count - 1];
        return count < chunk.length ? chunk[count] : this.#chunks[at + 1]?.[0];
    }

    add(block: Block): void {
        if (this.isEmpty)
            this.#chunks.push([]);
        const at = this.#chunkOf(block.first);
        const chunk = this.#chunks[at]!;
        chunk.splice(countUpTo(chunk, block.first), 0, block);
        if (chunk.length <= chunkMax)
            return;

        // Mostly blocks are added at the end: then the full chunk stays full.
        this.#chunks.splice(at + 1, 0, chunk.splice(at === this.#chunks.length - 1 ? chunkMax - 1 : chunkMax / 2));
    }

    remove(block: Block): void {
        const at = this.#chunkOf(block.first);
        const chunk = this.#chunks[at]!;
        chunk.splice(countUpTo(chunk, block.first) - 1, 1);
        if (chunk.length === 0)
            this.#chunks.splice(at, 1);
    }

    #chunkOf(sequence: number): number {
        let low = 0;
        let high = this.#chunks.length - 1;
        while (low < high) {
            const middle = (low + high + 1) >>> 1;
            if (this.#chunks[middle]![0]!.first <= sequence)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }
}

function countUpTo(chunk: readonly Block[], sequence: number): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (chunk[middle]!.first <= sequence)
            low = middle + 1;
        else
            high = middle;
    }

    return low;
}
