// Random histories of replicas here and in .NET at once: after each step both have the same bytes. The program is tests/KvStore.Crdt.Exchange.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { countScalars, crdtTypes, newReplicaId, Version } from "kvstore-client";
import { forSeeds } from "../random.mjs";
import { base64, Session } from "./session.mjs";

const program = new URL("../../../../tests/KvStore.Crdt.Exchange/bin/Release/net10.0/KvStore.Crdt.Exchange.dll", import.meta.url).pathname;
const historiesOfType = Number(process.env.KVSTORE_TEST_HISTORIES ?? 250) / crdtTypes.length;
const elements = ["a", "b", "é", "😀", "\uffff", ""];
let dotnet, results;

before(() => {
    dotnet = spawn("dotnet", [program], { stdio: ["pipe", "pipe", "inherit"] });
    results = createInterface({ input: dotnet.stdout })[Symbol.asyncIterator]();
});

after(() => dotnet.stdin.end());

for (const type of crdtTypes) {
    test(`random histories of a ${type} give the same bytes here and in .NET`, { timeout: 3_600_000 }, () => forSeeds(historiesOfType, async random => {
        const history = new History(random, type);
        for (let step = 0; step < 40; step++)
            history.step();

        dotnet.stdin.write(`${history.made.map(({ step }) => JSON.stringify(step)).join("\n")}\n\n`);
        for (const { step, result } of history.made)
            assert.deepEqual(comparable(step, JSON.parse((await results.next()).value)), comparable(step, result), JSON.stringify(step));
    }));
}

// Which refusal of a damaged delta it is depends on what is checked first.
const comparable = (step, result) => step.isDamaged && !["merged", "unchanged"].includes(result.outcome) ? { ...result, outcome: "refused" } : result;

class History {
    made = [];
    #session = new Session();
    #deltas = [];
    #live = ["a", "b", "c"];
    #names = 3;

    constructor(random, type) {
        this.random = random;
        this.type = type;
        this.#make({ op: "create", replica: "a", type, lineage: newReplicaId(), id: newReplicaId() });
        for (const replica of ["b", "c"])
            this.#make({ op: "load", replica, from: "a", id: newReplicaId() });
    }

    step() {
        const { random } = this;
        const replica = random.pick(this.#live);
        switch (random.below(random.oneIn(4) ? 9 : 6)) {
            case 0:
            case 1:
            case 2:
                return this.#deltas.push(this.#make(this.#change(replica)).delta);
            case 3:
                return this.#deltas.push(this.#make({ op: "deltaSince", replica, to: random.pick(this.#live) }).delta);
            case 4:
                return this.#make({ op: "merge", replica, delta: random.pick(this.#known()) });
            case 5:
                return this.#bring(replica, random.pick(this.#live));
            case 6:
                return this.#damage(replica);
            case 7:
                return this.#collect();
            case 8:
                this.#live.push(String.fromCharCode(97 + this.#names++));
                return this.#make({ op: "load", replica: this.#live.at(-1), from: replica, id: newReplicaId() });
        }
    }

    #known() {
        const known = this.#deltas.filter(delta => typeof delta === "string");
        return known.length > 0 ? known : [this.#session.describe("a").state];
    }

    #bring(to, from) {
        const { delta } = this.#make({ op: "deltaSince", replica: from, to });
        return delta === null ? undefined : this.#make({ op: "merge", replica: to, delta });
    }

    #damage(replica) {
        const bytes = Buffer.from(this.random.pick(this.#known()), "base64");
        bytes[this.random.below(bytes.length)] = this.random.oneIn(3) ? 0xff : this.random.below(256);
        return this.#make({ op: "merge", replica, delta: base64(bytes), isDamaged: true });
    }

    // The hub first has what every live replica has done. Some are retired, and may be heard of again.
    #collect() {
        for (const replica of this.#live.slice(1))
            this.#bring("a", replica);
        const absent = this.#live.length > 2 && this.random.oneIn(2) ? this.#live.splice(1, 1) : [];
        const [first, ...others] = this.#live.map(replica => this.#session.replicas.get(replica).version);
        const stable = others.reduce(meet, first);
        const retired = absent.map(replica => this.#session.replicas.get(replica).self);
        const { epoch } = this.#session.replicas.get("a");
        this.#make({ op: "collect", replica: "a", retired, stable: String(stable), floor: this.random.oneIn(3) ? epoch : Math.max(0, epoch - 2) });
        if (absent.length > 0 && this.random.oneIn(2))
            this.#live.push(...absent);
    }

    #change(replica) {
        const { random, type } = this;
        if (type.endsWith("counter"))
            return { op: "increment", replica, amount: String(random.oneIn(20) ? 2n ** 63n - 1n - BigInt(random.below(3)) : random.below(9) - (type === "g-counter" ? 0 : 4)) };
        if (type.endsWith("set")) {
            const some = most => Array.from({ length: random.below(most) }, () => random.pick(elements));
            return { op: "change", replica, add: some(3), remove: type === "g-set" ? [] : some(3), ...(random.oneIn(3) ? { context: String(this.#session.replicas.get(random.pick(this.#live)).version) } : {}) };
        }

        let { length } = this.#session.replicas.get(replica);
        const edits = Array.from({ length: 1 + random.below(3) }, () => {
            const at = random.below(length + (random.oneIn(20) ? 3 : 1));
            const insert = random.oneIn(3) ? undefined : random.text(4);
            const deleted = random.oneIn(2) ? 0 : random.below(Math.min(4, Math.max(0, length - at) + 1));
            length += countScalars(insert ?? "") - deleted;
            return { at, insert, delete: deleted };
        });
        return { op: "edit", replica, edits };
    }

    #make(step) {
        const result = this.#session.execute(step, true);
        this.made.push({ step, result });
        return result;
    }
}

// What both versions include.
function meet(one, other) {
    const entries = [...one.entries].map(([replica, sequence]) => [replica, Math.min(sequence, other.of(replica))]);
    return new Version(Math.min(one.epoch, other.epoch), entries.filter(([, sequence]) => sequence > 0));
}
