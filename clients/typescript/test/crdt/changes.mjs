// Random changes of replicas, and what can be seen of them.
import { countScalars } from "kvstore-client";

const elements = ["a", "b", "c", "é", "😀", "\ufeff", "\uffff", ""];

/** Makes a random change, if there is any. */
export function change(random, replica) {
    switch (replica.type) {
        case "g-counter":
            return replica.increment(random.below(5));
        case "pn-counter":
            return replica.increment(random.below(9) - 4);
        case "g-set":
            return replica.change([random.pick(elements)]).outcome;
        case "or-set":
            return replica.change(random.oneIn(2) ? [random.pick(elements)] : [], [random.pick(elements), random.pick(elements)]).outcome;
        case "text":
            if (random.oneIn(3) && replica.length > 0) {
                const at = random.below(replica.length);
                return replica.delete(at, 1 + random.below(Math.min(5, replica.length - at)));
            }

            return replica.insert(random.below(replica.length + 1), random.text(4));
    }
}

export const valueOf = replica => replica.value ?? replica.elements ?? replica.text;

/** Fails if what a replica says of itself does not fit together. */
export function check(assert, replica) {
    if (replica.type === "text")
        assert.equal(replica.length, countScalars(replica.text));
    if (replica.type === "or-set" || replica.type === "g-set")
        assert.equal(replica.size, replica.elements.length);
}
