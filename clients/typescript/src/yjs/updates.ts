import * as Y from "yjs";

export function isReadable(update: Uint8Array): boolean {
    try {
        Y.decodeUpdate(update);
        return true;
    } catch {
        return false;
    }
}

/** What the updates say together, without the content of what is deleted unless the document keeps that (`gc: false`). */
export function compacted(updates: readonly Uint8Array[], gc: boolean): Uint8Array {
    const doc = new Y.Doc({ gc });
    try {
        for (const update of updates)
            Y.applyUpdate(doc, update);
        // This includes what waits for changes that are stored elsewhere.
        return Y.encodeStateAsUpdate(doc);
    } finally {
        doc.destroy();
    }
}

/** What a document has beyond the updates, as updates. A state vector alone would not do: it says nothing of deletions. */
export function missingFrom(updates: readonly Uint8Array[], doc: Y.Doc): Uint8Array[] {
    const stored = new Y.Doc({ gc: false });
    const missing: Uint8Array[] = [];
    try {
        for (const update of updates)
            Y.applyUpdate(stored, update);
        stored.on("update", (update: Uint8Array) => missing.push(update));
        Y.applyUpdate(stored, Y.encodeStateAsUpdate(doc, Y.encodeStateVector(stored)));
        return missing;
    } finally {
        stored.destroy();
    }
}

/**
 * An update as several of at most so many bytes, unless a single element is larger. They can be applied in any order, because Yjs keeps what
 * refers to a later one until that is there.
 */
export function split(update: Uint8Array, bytesMax: number): Uint8Array[] {
    if (update.length <= bytesMax)
        return [update];
    const { structs, ds } = Y.decodeUpdate(update);
    const pieces: Uint8Array[] = [];
    let run: Struct[] = [], runBytes = 0;
    const finish = () => {
        if (run.length > 0)
            pieces.push(encode([run], emptyDeletions));
        run = [];
        runBytes = 0;
    };
    for (const struct of structs.flatMap(struct => cut(struct, bytesMax))) {
        const bytes = encode([[struct]], emptyDeletions).length;
        if (runBytes + bytes > bytesMax || run.length > 0 && run[0]!.id.client !== struct.id.client)
            finish();
        if (struct instanceof Y.Skip && run.length === 0)
            continue;
        run.push(struct);
        runBytes += bytes;
    }
    finish();
    if (ds.clients.size > 0)
        pieces.push(encode([], ds));
    return joined(pieces, bytesMax);
}

/** A struct as several, the way Yjs splits it when something is inserted in its middle. */
function cut(struct: Struct, bytesMax: number): Struct[] {
    if (!(struct instanceof Y.Item) || struct.length === 1 || encode([[struct]], emptyDeletions).length <= bytesMax)
        return [struct];
    const { id: { client, clock }, rightOrigin, parent, parentSub, content } = struct;
    let at = struct.length >> 1;
    if (content instanceof Y.ContentString && isHighSurrogate(content.str.charCodeAt(at - 1)))
        at--;
    if (at === 0)
        return [struct];
    const right = new Y.Item(Y.createID(client, clock + at), null, Y.createID(client, clock + at - 1), null, rightOrigin, parent, parentSub, content.splice(at));
    struct.length = at;
    return [...cut(struct, bytesMax), ...cut(right, bytesMax)];
}

// Half a surrogate pair is no character: Yjs would replace it.
const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;

type Struct = Y.Item | Y.GC | Y.Skip;
type Deletions = ReturnType<typeof Y.decodeUpdate>["ds"];
const emptyDeletions = Y.createDeleteSet();

/** The format of an update, of which Yjs exports the parts. */
function encode(runs: readonly (readonly Struct[])[], deletions: Deletions): Uint8Array {
    const encoder = new Y.UpdateEncoderV1();
    encoder.writeLen(runs.length);
    for (const run of runs) {
        encoder.writeLen(run.length);
        encoder.writeClient(run[0]!.id.client);
        encoder.writeLen(run[0]!.id.clock);
        for (const struct of run)
            struct.write(encoder, 0);
    }
    encoder.writeLen(deletions.clients.size);
    for (const [client, ranges] of deletions.clients) {
        encoder.writeClient(client);
        encoder.writeLen(ranges.length);
        for (const range of ranges) {
            encoder.writeDsClock(range.clock);
            encoder.writeDsLen(range.len);
        }
    }
    return encoder.toUint8Array();
}

/** Neighbors together, as long as they fit. */
export function joined(updates: readonly Uint8Array[], bytesMax: number): Uint8Array[] {
    const groups: Uint8Array[][] = [];
    let bytes = Infinity;
    for (const update of updates) {
        if (bytes + update.length > bytesMax) {
            groups.push([]);
            bytes = 0;
        }
        groups.at(-1)!.push(update);
        bytes += update.length;
    }
    return groups.map(group => group.length === 1 ? group[0]! : Y.mergeUpdates(group));
}
