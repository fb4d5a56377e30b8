import type { ReplicaId } from "../deltas/ids.js";
import type { DeltaReader } from "../deltas/reader.js";
import { Version } from "../deltas/version.js";
import type { DeltaWriter } from "../deltas/writer.js";

/** What the collections of a text have come to. Immutable. */
export class TextCollection {
    static readonly none = new TextCollection(Version.empty, Version.empty);

    /**
     * @param dropped Elements that this version knows to be deleted are dropped, unless they have children.
     * @param condemned Elements that this version knows to be deleted get no more children. Its epoch is the one in which that was said.
     */
    constructor(readonly dropped: Version, readonly condemned: Version) {
    }

    static read(reader: DeltaReader): TextCollection {
        return new TextCollection(Version.read(reader), Version.read(reader));
    }

    write(writer: DeltaWriter): void {
        this.dropped.write(writer);
        this.condemned.write(writer);
    }

    without(replica: ReplicaId): TextCollection {
        return new TextCollection(this.dropped.without(replica), this.condemned.without(replica));
    }
}
