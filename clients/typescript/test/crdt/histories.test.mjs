// Replicas that exchange deltas over a network that loses, repeats and reorders.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createReplica, crdtTypes, loadReplica, Version } from "kvstore-client";
import { forSeeds } from "../random.mjs";
import { change, check, valueOf } from "./changes.mjs";

for (const type of crdtTypes) {
    test(`replicas of a ${type} that have seen the same are equal to the byte`, () => forSeeds(80, random => {
        const first = createReplica(type);
        const replicas = [first, ...Array.from({ length: 1 + random.below(4) }, () => loadReplica(first.encode()))];
        const network = [];
        for (let step = 0; step < 60; step++) {
            const replica = random.pick(replicas);
            const before = replica.version;
            if (random.oneIn(2)) {
                change(random, replica);
                const delta = replica.deltaSince(random.oneIn(4) ? Version.empty : before);
                network.push(...replicas.filter(() => !random.oneIn(3)).map(to => [to, delta]));
            } else if (network.length > 0) {
                const [to, delta] = network[random.below(network.length)];
                assert.ok(["merged", "unchanged", "gap"].includes(to.merge(delta)));
                check(assert, to);
            }
        }

        for (const from of replicas) {
            for (const to of replicas)
                assert.match(to.merge(from.deltaSince(to.version)), /^(merged|unchanged)$/);
        }

        for (const to of replicas)
            to.merge(replicas.at(-1).deltaSince(to.version));
        for (const replica of replicas) {
            assert.deepEqual(replica.encode(), first.encode());
            assert.ok(replica.version.equals(first.version));
            assert.deepEqual(valueOf(replica), valueOf(first));
            assert.deepEqual(valueOf(loadReplica(replica.encode())), valueOf(first));
            assert.ok(Version.parse(String(replica.version)).equals(replica.version));
        }
    }));
}

test("a text agrees with a list that is edited in the same way", () => forSeeds(100, random => {
    const replica = createReplica("text");
    let list = [];
    for (let step = 0; step < 100; step++) {
        const at = random.below(list.length + 1);
        if (random.oneIn(2)) {
            const text = random.text(5);
            replica.insert(at, text);
            list.splice(at, 0, ...text);
        } else {
            const count = random.below(Math.min(6, list.length - at) + 1);
            replica.delete(at, count);
            list.splice(at, count);
        }

        assert.equal(replica.text, list.join(""));
    }
}));

test("what two type at one place at once is not interleaved", () => {
    for (const type of [(replica, text) => [...text].forEach((character, i) => replica.insert(i, character)), (replica, text) => [...text].reverse().forEach(character => replica.insert(0, character))]) {
        const one = createReplica("text");
        const other = loadReplica(one.encode());
        type(one, "typed by one");
        type(other, "AND BY ANOTHER");
        one.merge(other.encode());
        other.merge(one.encode());
        assert.equal(one.text, other.text);
        assert.ok(["typed by oneAND BY ANOTHER", "AND BY ANOTHERtyped by one"].includes(one.text), one.text);
    }
});

test("of an addition and a removal at once, the addition wins", () => {
    const one = createReplica("or-set");
    one.change(["milk"]);
    const other = loadReplica(one.encode());
    one.change(["milk"]);
    const removal = other.change([], ["milk"]);
    assert.equal(one.merge(removal.delta), "merged");
    assert.deepEqual(one.elements, ["milk"]);
});

test("a removal with a context leaves what it has not seen", () => {
    const set = createReplica("or-set");
    set.change(["milk"]);
    const seen = set.version;
    set.change(["milk"]);
    assert.equal(set.change([], ["milk"], seen).outcome, "unchanged");
    assert.equal(set.change([], ["milk"], set.version).outcome, "applied");
    assert.equal(set.size, 0);
});

test("an anchor stays with its character", () => {
    const one = createReplica("text");
    one.insert(0, "ab😀d");
    const anchor = one.anchorAt(3);
    const other = loadReplica(one.encode());
    other.insert(0, "much ");
    other.delete(other.length - 1, 1);
    one.merge(other.encode());
    assert.equal(one.text, "much ab😀");
    assert.equal(one.positionOf(anchor), 8);
    one.delete(7, 1);
    assert.equal(one.positionOf(anchor), 7);
    assert.equal(one.positionOf(one.anchorAt(0)), 0);
});
