import { fromBase64, toBase64 } from "../crdt/deltas/base64.js";
import type { ReplicaId } from "../crdt/index.js";
import type { Mark } from "../crdt/replicas/replica.js";
import type { ReplicaStorage, StoredReplica } from "./storage.js";

const prefix = "kvstore-replica ";

/** Keeps replicas in `localStorage`, or in another `Storage`. For small values: browsers allow about 5 MB for all of a site. */
export class LocalStorage implements ReplicaStorage {
    constructor(readonly storage: Storage = globalThis.localStorage) {
    }

    async list(name: string): Promise<StoredReplica[]> {
        const found: StoredReplica[] = [];
        for (let i = 0; i < this.storage.length; i++) {
            const key = this.storage.key(i)!;
            if (key.startsWith(`${prefix}${name} `))
                found.push(parse(this.storage.getItem(key)!));
        }

        return found.filter(replica => replica.name === name);
    }

    async save(replica: StoredReplica): Promise<void> {
        this.storage.setItem(`${prefix}${replica.name} ${replica.id}`, format(replica));
    }

    async remove(name: string, id: ReplicaId): Promise<void> {
        this.storage.removeItem(`${prefix}${name} ${id}`);
    }
}

type JsonMark = { sequence: number; added: string; subtracted: string };

const toJson = ({ sequence, added, subtracted }: Mark): JsonMark => ({ sequence, added: String(added), subtracted: String(subtracted) });

const toMark = ({ sequence, added, subtracted }: JsonMark): Mark => ({ sequence, added: BigInt(added), subtracted: BigInt(subtracted) });

function format(replica: StoredReplica): string {
    return JSON.stringify({ ...replica, state: toBase64(replica.state), acknowledged: toJson(replica.acknowledged), sent: replica.sent.map(toJson) });
}

function parse(text: string): StoredReplica {
    const stored = JSON.parse(text) as Omit<StoredReplica, "state" | "acknowledged" | "sent"> & { state: string; acknowledged: JsonMark; sent: JsonMark[] };
    return { ...stored, state: fromBase64(stored.state) ?? new Uint8Array(), acknowledged: toMark(stored.acknowledged), sent: stored.sent.map(toMark) };
}
