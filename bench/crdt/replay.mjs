// Replays an editing trace of one author: node --expose-gc replay.mjs LIBRARY FILE ROUNDS. Prints one line of JSON, as Program.cs does.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const [library, file, rounds] = process.argv.slice(2);
const trace = JSON.parse(gunzipSync(readFileSync(file)));
const edits = trace.txns.flatMap(transaction => transaction.patches);

const libraries = {
    async yjs() {
        const Y = await import('yjs');
        return {
            make() {
                const document = new Y.Doc();
                return { document, text: document.getText('text') };
            },
            edit({ text }, position, deleted, inserted) {
                if (deleted > 0) text.delete(position, deleted);
                if (inserted !== '') text.insert(position, inserted);
            },
            save: ({ document }) => Y.encodeStateAsUpdateV2(document),
            load(bytes) {
                const document = new Y.Doc();
                Y.applyUpdateV2(document, bytes);
                return { document, text: document.getText('text') };
            },
            read: ({ text }) => text.toString(),
        };
    },
    async automerge() {
        const A = await import('@automerge/automerge');
        return {
            isNative: true,

            // All edits in one change, which is how Automerge's own benchmark replays: a change for each edit takes many times as long.
            replay: () => ({
                document: A.change(A.from({ text: '' }), document => {
                    for (const [position, deleted, inserted] of edits) A.splice(document, ['text'], position, deleted, inserted);
                }),
            }),
            save: ({ document }) => A.save(document),
            load: bytes => ({ document: A.load(bytes) }),
            read: ({ document }) => document.text,
        };
    },
};

const chosen = await libraries[library]();
const replay = chosen.replay ?? (() => {
    const made = chosen.make();
    for (const [position, deleted, inserted] of edits) chosen.edit(made, position, deleted, inserted);
    return made;
});

const times = { replay: [], save: [], load: [] };
function time(kind, action) {
    globalThis.gc?.();
    const start = performance.now();
    const result = action();
    times[kind].push(performance.now() - start);
    return result;
}

let bytes;
for (let round = 0; round < Number(rounds); round++) {
    const made = time('replay', replay);
    bytes = time('save', () => chosen.save(made));
    const loaded = time('load', () => chosen.load(bytes));
    if (chosen.read(made) !== trace.endContent || chosen.read(loaded) !== trace.endContent) throw new Error('The text is not the one that the trace ends with.');
}

const used = () => {
    globalThis.gc?.();
    const memory = process.memoryUsage();
    return memory.heapUsed + memory.external;
};
const before = used();
const kept = chosen.load(bytes);
const memory = used() - before;
const median = values => Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] * 10) / 10;
console.log(JSON.stringify({
    library, edits: edits.length, replay: median(times.replay), first: Math.round(times.replay[0] * 10) / 10, save: median(times.save), load: median(times.load),
    bytes: bytes.length, memory: chosen.isNative ? null : memory, length: chosen.read(kept).length,
}));
