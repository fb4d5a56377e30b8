// What replicas refuse.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createReplica, crdtTypes, loadReplica, newReplicaId, toScalarPosition, toStringIndex, Version } from "kvstore-client";
import { forSeeds } from "../random.mjs";
import { change } from "./changes.mjs";

test("a counter stays within 64 bits but for increments at once", () => {
    const counter = createReplica("pn-counter");
    assert.equal(counter.increment(2n ** 63n - 1n), "applied");
    assert.equal(counter.increment(1), "overflow");
    const other = loadReplica(counter.encode());
    assert.equal(counter.increment(-5), "applied");
    assert.equal(other.increment(-5), "applied");
    assert.equal(counter.increment(5), "overflow", "the total of a replica has 63 bits as well");
    assert.equal(other.increment(5n), "applied");
    counter.merge(other.encode());
    assert.equal(counter.value, 2n ** 63n - 6n);
    assert.equal(createReplica("g-counter").increment(-1), "unsupported");
});

test("positions outside of a text and halves of characters are refused", () => {
    const text = createReplica("text");
    assert.equal(text.insert(1, "a"), "out-of-range");
    assert.equal(text.insert(0, "\ud800"), "invalid-text");
    assert.equal(text.insert(0.5, "a"), "out-of-range");
    assert.equal(text.delete(0, 1), "out-of-range");
    assert.equal(text.delete(-1, 1), "out-of-range");
    assert.equal(text.delete(0, NaN), "out-of-range");
    assert.equal(text.version.count, 0);
    assert.equal(createReplica("or-set").change(["\udc00"]).outcome, "invalid-text");
    assert.equal(createReplica("g-set").change([], ["a"]).outcome, "unsupported");
});

test("positions in scalars and in code units are converted", () => {
    const text = "a😀b";
    assert.deepEqual([0, 1, 3, 4].map(index => toScalarPosition(text, index)), [0, 1, 2, 3]);
    assert.deepEqual([0, 1, 2, 3].map(position => toStringIndex(text, position)), [0, 1, 3, 4]);
});

test("what is of another type, another lineage or another history is refused", () => {
    for (const type of crdtTypes) {
        const self = newReplicaId();
        const one = createReplica(type, self);
        const twin = createReplica(type, self, one.lineage);
        const add = (replica, what) => type === "text" ? replica.insert(0, what) : type.endsWith("set") ? replica.change([what]) : replica.increment(what.length);
        add(one, "a");
        add(twin, "bc");
        assert.equal(one.merge(createReplica(type === "text" ? "g-set" : "text", self, one.lineage).encode()), "other-type");
        assert.equal(one.merge(createReplica(type).encode()), "other-lineage");
        assert.equal(loadReplica(one.encode()).merge(twin.encode()), "forked", type);
        add(twin, "d");
        const gap = twin.deltaSince(new Version(0, [[self, 1]]));
        assert.equal(one.merge(gap), "forked", "no other replica has changes of this one");
        assert.equal(createReplica(type, newReplicaId(), one.lineage).merge(gap), "gap", type);
        assert.equal(loadReplica(gap), undefined);
    }
});

for (const type of crdtTypes) {
    test(`bytes that are no delta of a ${type} change nothing`, () => forSeeds(100, random => {
        const source = createReplica(type);
        for (let i = 0; i < 10; i++)
            change(random, source);
        const other = loadReplica(source.encode());
        const version = source.version;
        for (let i = 0; i < 5; i++)
            change(random, random.pick([source, other]));
        source.merge(other.encode());

        const target = loadReplica(other.encode());
        const bytes = random.oneIn(2) ? source.encode() : source.deltaSince(version);
        const hostile = random.oneIn(5) ? bytes.slice(0, random.below(bytes.length)) : bytes.slice();
        for (let count = random.below(4); count > 0; count--)
            hostile[random.below(hostile.length)] = random.oneIn(3) ? 0xff : random.below(256);

        const before = target.encode();
        if (target.merge(hostile) !== "merged")
            assert.deepEqual(target.encode(), before);
        assert.ok(loadReplica(target.encode()) !== undefined);
        loadReplica(hostile);
        Version.parse(Buffer.from(hostile).toString("base64url"));
    }));
}

test("what is no version is refused", () => {
    for (const text of ["", "A", "AA=", "AAE", "!!!!", "AAEAAAAAAAAAAAA", "é"])
        assert.equal(Version.parse(text), undefined, text);
    assert.ok(Version.parse("AAA").equals(Version.empty));
});
