// Random choices that a seed repeats. KVSTORE_TEST_SEED is the seed of all tests of a run.
const first = Number(process.env.KVSTORE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Runs a body with a generator of its own for each of many seeds, and says which seed it was if one fails. */
export async function forSeeds(count, body) {
    for (let seed = first; seed < first + count; seed++) {
        try {
            await body(new Random(seed));
        } catch (error) {
            error.message = `KVSTORE_TEST_SEED=${seed}: ${error.message}`;
            throw error;
        }
    }
}

/** The generator "mulberry32". */
export class Random {
    #state;

    constructor(seed) {
        this.#state = seed >>> 0;
    }

    /** A whole number from 0 up to a bound, which is excluded. */
    below(bound) {
        this.#state = (this.#state + 0x6d2b79f5) >>> 0;
        let mixed = this.#state;
        mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    /** Whether one of so many chances came. */
    oneIn(chances) {
        return this.below(chances) === 0;
    }

    text(lengthMax) {
        return Array.from({ length: 1 + this.below(lengthMax) }, () => this.pick(["a", "b", "c", " ", "é", "–", "😀", "\ufeff", "\n"])).join("");
    }
}
