import type { Block } from "./block.js";

const garbageMin = 4096;

/** The scalars of all blocks in one array. What is deleted stays until there is more of it than of the rest. */
export class Scalars {
    #values = new Int32Array(64);
    #count = 0;
    #garbage = 0;

    get count(): number {
        return this.#count;
    }

    of(block: Block): Int32Array {
        return this.#values.subarray(block.content, block.content + block.length);
    }

    add(scalars: Int32Array): void {
        if (this.#count + scalars.length > this.#values.length) {
            const larger = new Int32Array(Math.max(this.#count + scalars.length, this.#values.length * 2));
            larger.set(this.#values.subarray(0, this.#count));
            this.#values = larger;
        }

        this.#values.set(scalars, this.#count);
        this.#count += scalars.length;
    }

    /** Notes that scalars are of no more use. */
    release(count: number, start: Block): void {
        this.#garbage += count;
        if (this.#garbage < garbageMin || this.#garbage < this.#count / 2)
            return;
        const kept = new Int32Array(this.#count - this.#garbage + garbageMin);
        let content = 0;
        for (let block = start.next; block !== undefined; block = block.next) {
            if (block.isDeleted)
                continue;
            kept.set(this.of(block), content);
            block.content = content;
            content += block.length;
        }

        this.#values = kept;
        this.#count = content;
        this.#garbage = 0;
    }
}
