// What the pages of entries compute, without a browser: differences, merges, JSON, the order of keys, and the tree.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { load } from "./modules.mjs";

let data;

before(async () => data = await load("data/diff/diff.ts", "data/diff/merge.ts", "data/values/json.ts", "data/values/hex.ts", "data/values/kinds.ts", "data/values/figures.ts", "data/browse/order.ts", "data/browse/tree.ts", "data/entry/draft.ts"));
after(async () => await data.close());

/** Random numbers that are the same in each run (mulberry32). */
function randomOf(seed) {
    return max => {
        seed = (seed + 0x6d2b79f5) | 0;
        let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
        return ((bits ^ (bits >>> 14)) >>> 0) % max;
    };
}

const someLines = (random, length, words = 4) => Array.from({ length }, () => String.fromCharCode(97 + random(words)));

/** The number of lines that two lists have in common at most, by the table of every textbook. */
function commonCount(left, right) {
    let row = new Array(right.length + 1).fill(0);
    for (const line of left)
        row = row.reduce((next, _, at) => [...next, at === 0 ? 0 : line === right[at - 1] ? row[at - 1] + 1 : Math.max(row[at], next[at - 1])], []);
    return row.at(-1);
}

test("differences give both texts back, and are as few as possible", () => {
    for (let seed = 0; seed < 300; seed++) {
        const random = randomOf(seed);
        const [left, right] = [someLines(random, random(14)), someLines(random, random(14))];
        const rows = data.diffRows(left.join("\n"), right.join("\n"));
        assert.deepEqual(rows.filter(row => row.left !== undefined).map(row => row.left), left, `seed ${seed}`);
        assert.deepEqual(rows.filter(row => row.right !== undefined).map(row => row.right), right, `seed ${seed}`);
        assert.ok(rows.every(row => row.kind !== "same" || row.left === row.right), `seed ${seed}`);
        assert.equal(rows.filter(row => row.kind === "same").length, commonCount(left, right), `seed ${seed}`);
    }
});

test("differences of texts that have nothing in common take no quadratic time", () => {
    const [left, right] = [0, 1].map(side => Array.from({ length: 20_000 }, (_, line) => `${side} ${line}`).join("\n"));
    assert.equal(data.diffRows(left, right).length, 20_000);
});

test("a merge has the changes of both, and marks lines that both have changed", () => {
    assert.deepEqual(data.mergeTexts("a\nb\nc\nd", "a\nB\nc\nd", "a\nb\nc\nd\ne"), { text: "a\nB\nc\nd\ne", conflicts: 0 });
    assert.deepEqual(data.mergeTexts("a\nb\nc", "a\nx\nc", "a\ny\nc"), { text: "a\n<<<<<<< mine\nx\n=======\ny\n>>>>>>> theirs\nc", conflicts: 1 });
    assert.deepEqual(data.mergeTexts("a\nb", "a\nx", "a\nx"), { text: "a\nx", conflicts: 0 });
    for (let seed = 0; seed < 500; seed++) {
        // Each line of the base is changed by one side at most, with an unchanged one between: no conflict, and every change is there.
        const random = randomOf(seed);
        const base = Array.from({ length: 2 * random(8) + 1 }, (_, at) => `line ${at}`);
        const owners = base.map((_, at) => at % 2 === 0 ? "none" : ["none", "mine", "theirs"][random(3)]);
        const changed = side => base.flatMap((line, at) => owners[at] === side || owners[at] === side[0] ? changeOf(line, at) : [line]);
        const changeOf = (line, at) => [[`${line}!`], [], [line, `after ${at}`]][at % 3];
        const expected = base.flatMap((line, at) => owners[at] === "none" ? [line] : changeOf(line, at));
        const merged = data.mergeTexts(base.join("\n"), changed("mine").join("\n"), changed("theirs").join("\n"));
        assert.deepEqual(merged, { text: expected.join("\n"), conflicts: 0 }, `seed ${seed}`);
    }
});

test("JSON is what JSON.parse takes, and the first error has its place", () => {
    const pieces = ["{", "}", "[", "]", ",", ":", "\"a\"", "\"\\u00e9\"", "\"\\x\"", "\"", "1", "-0.5e+3", "01", ".5", "true", "nul", "null", " ", "\n", "\t"];
    let valid = 0;
    for (let seed = 0; seed < 40_000; seed++) {
        const random = randomOf(seed);
        const text = Array.from({ length: 1 + random(7) }, () => pieces[random(pieces.length)]).join("");
        let isJson = true;
        try {
            JSON.parse(text);
            valid++;
        } catch {
            isJson = false;
        }

        assert.equal(data.findJsonError(text) === undefined, isJson, JSON.stringify(text));
    }

    assert.ok(valid > 300, `${valid} valid texts`);
    assert.deepEqual(data.findJsonError("{\n  \"a\": 1,\n  \"b\" 2\n}"), { message: "A colon is expected after the name.", offset: 18, line: 3, column: 7 });
    assert.equal(data.findJsonError("[1,]").column, 4);
    assert.equal(data.findJsonError("{\"a\": \"x").message, "The string is not closed.");
    assert.match(data.findJsonError("[".repeat(600)).message, /levels/);
});

test("JSON is laid out without changing what it says", () => {
    const text = "{\"n\":12345678901234567890,\"e\":1E5,\"s\":\"\\u00e9\",\"n\":[],\"o\":{},\"a\":[1,{\"b\":null}]}";
    const formatted = data.formatJson(text, 2);
    assert.equal(formatted, "{\n  \"n\": 12345678901234567890,\n  \"e\": 1E5,\n  \"s\": \"\\u00e9\",\n  \"n\": [],\n  \"o\": {},\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ]\n}");
    assert.equal(data.formatJson(formatted, 0), text);
    assert.equal(data.rawMember("{\"key\":\"json\",\"x\":{\"json\":0},\"json\":{\"a\": [1,  2.50]}}", "json"), "{\"a\": [1,  2.50]}");
    assert.equal(data.rawMember("{\"json\":1.0,\"b\":2}", "json"), "1.0");
    assert.equal(data.rawMember("{\"a\":1}", "json"), undefined);
});

test("keys are ordered as the service orders them, by their bytes", () => {
    const random = randomOf(1);
    const characters = ["a", "b", "/", "é", "\uffff", "\ue000", "😀", "𐀀", "z"];
    const keys = Array.from({ length: 500 }, () => Array.from({ length: random(5) }, () => characters[random(characters.length)]).join(""));
    const expected = [...keys].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    assert.deepEqual([...keys].sort(data.compareKeys), expected);
    assert.equal(data.commonPrefix("a😀", "a😁"), "a");
});

test("hexadecimal digits are bytes, and an error has its place", () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, at) => at % 256);
    assert.deepEqual(data.fromHexText(data.toHexText(bytes)), bytes);
    assert.deepEqual(data.fromHexText("00 0g"), { offset: 4, message: "This is no hexadecimal digit." });
    assert.deepEqual(data.fromHexText("00 1"), { offset: 3, message: "A byte has two digits." });
});

test("a draft keeps the bytes of what it was made from, also carriage returns and byte order marks", () => {
    for (const text of ["a\nb", "a\r\nb\r\n", "\ufeffx", ""]) {
        const bytes = new TextEncoder().encode(text);
        const version = { bytes, contentType: "text/plain", revision: 1 };
        assert.deepEqual(data.bytesOf(data.draftOf(version)), bytes);
        assert.equal(data.isChanged(data.draftOf(version), version), false);
    }

    const mixed = { bytes: new TextEncoder().encode("a\r\nb\n"), contentType: "text/plain", revision: 1 };
    assert.equal(data.mixesLineEnds(mixed.bytes), true);
    assert.equal(data.isChanged(data.draftOf(mixed), mixed), false);
    const binary = { bytes: Uint8Array.from([0, 255]), contentType: "application/octet-stream", revision: 1 };
    assert.equal(data.draftOf(binary).mode, "hex");
    assert.equal(data.isChanged({ ...data.draftOf(binary), text: "00 fe" }, binary), true);
});

test("spans of time are read as the service reads them", () => {
    assert.deepEqual(["90", "90s", "1m30s", "1 h 30 min", "7d", "", "x", "1.5h"].map(data.parseSpan), [90, 90, 90, 5400, 604_800, undefined, undefined, undefined]);
});

/** A store for the tree: keys with revisions, and listings that can be held back. */
class Store {
    keys = new Map();
    revision = 0;

    put(key) {
        this.keys.set(key, ++this.revision);
        return [key, { key, revision: this.revision }, this.revision];
    }

    delete(key) {
        this.keys.delete(key);
        return [key, undefined, ++this.revision];
    }

    rows(prefix, delimiter) {
        const names = new Map();
        for (const key of [...this.keys.keys()].filter(key => key.startsWith(prefix)).sort(data.compareKeys)) {
            const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
            if (at < 0)
                names.set(`e${key}`, { name: key, entry: { key, revision: this.keys.get(key) } });
            else
                names.set(`g${key.slice(0, at + 1)}`, { name: key.slice(0, at + 1), entry: undefined });
        }

        return [...names.values()];
    }

    list = async (prefix, after, rowsMax) => {
        const rows = this.rows(prefix, "/").filter(({ name }) => after === undefined || data.compareKeys(name, after) > 0);
        const answer = { rows: rows.slice(0, rowsMax), hasMore: rows.length > rowsMax, revision: this.revision };
        await this.pause;
        return answer;
    };
}

const namesOf = tree => Array.from({ length: tree.lineCount }, (_, number) => tree.line(number).row?.name);

async function showAll(tree) {
    for (let before = -1; before !== tree.lineCount || namesOf(tree).includes(undefined);) {
        before = tree.lineCount;
        await tree.show(0, tree.lineCount);
    }
}

test("a tree shows what is stored, whatever is opened, changed, scrolled and released", async () => {
    for (let seed = 0; seed < 30; seed++) {
        const random = randomOf(seed);
        const store = new Store();
        const key = () => ["", "a/", "a/b/", "c/", "😀/"][random(5)] + String(random(700));
        for (let count = 0; count < 1500; count++)
            store.put(key());
        const tree = new data.Tree("", "/", store.list);
        await tree.show(0, 40);
        for (let step = 0; step < 200; step++) {
            const number = random(tree.lineCount);
            const { level, row } = tree.line(number);
            const what = random(10);
            if (what < 5) {
                tree.apply(...(random(2) === 0 ? store.put(key()) : store.delete([...store.keys.keys()][random(store.keys.size)])));
            } else if (what < 7 && row !== undefined && row.entry === undefined) {
                (level.children.has(row.name) ? tree.close : tree.open).call(tree, level, row.name);
            } else if (what === 7) {
                tree.reload();
            } else {
                await tree.show(number, number + 30);
            }
        }

        await showAll(tree);
        const expected = level => store.rows(level.prefix, "/").flatMap(({ name, entry }) => [name, ...(entry === undefined && level.children.has(name) ? expected(level.children.get(name)) : [])]);
        // A group stays until its count says that it is empty.
        const empty = namesOf(tree).filter(name => name.endsWith("/") && ![...store.keys.keys()].some(key => key.startsWith(name)));
        assert.deepEqual(namesOf(tree).filter(name => !empty.includes(name)), expected(tree.root), `seed ${seed}`);
        for (let number = 0; number < tree.lineCount; number++) {
            const { row } = tree.line(number);
            if (row.entry !== undefined)
                assert.equal(row.entry.revision, store.keys.get(row.name), `seed ${seed}: ${row.name}`);
        }
    }
});

test("a change that overtakes its listing is not lost", async () => {
    const store = new Store();
    store.put("a");
    const tree = new data.Tree("", "/", store.list);
    let release;
    store.pause = new Promise(resolve => release = resolve);
    const shown = tree.show(0, 10);
    tree.apply(...store.put("b"));
    tree.apply(...store.delete("a"));
    release();
    await shown;
    assert.deepEqual(namesOf(tree), ["b"]);
});

test("a change that is older than its listing changes nothing", async () => {
    const store = new Store();
    const written = store.put("a");
    store.delete("a");
    store.put("b");
    const tree = new data.Tree("", "/", store.list);
    await tree.show(0, 10);
    assert.deepEqual(tree.apply(...written), []);
    assert.deepEqual(namesOf(tree), ["b"]);
});

test("what was shown long ago is released, and keeps its place", async () => {
    const store = new Store();
    for (let count = 0; count < 30_000; count++)
        store.put(String(count).padStart(6, "0"));
    const tree = new data.Tree("", "/", store.list);
    for (let screens = 0; screens < 130; screens++)
        await tree.show(tree.lineCount - 20, tree.lineCount);
    assert.equal(tree.lineCount, 30_000);
    const loaded = namesOf(tree).filter(name => name !== undefined).length;
    assert.ok(loaded <= 41 * 250, `${loaded} rows are in memory`);
    assert.equal(tree.line(100).row, undefined);
    await tree.show(100, 140);
    assert.equal(tree.line(100).row.name, "000100");
    assert.equal(tree.lineOf("e000100"), 100);
});
