import type { documents } from "kvstore-client";
import { Facts } from "../shell/facts.js";
import { formatDuration, formatNumber } from "../shell/format.js";

/** Who is connected, and reads that cost much. */
export function Connections({ status: { connections, reads, history_age_seconds, limits, watchers } }: { readonly status: documents.StatusAnswer }) {
    return (
        <section class="card">
            <h2>Connections and reads</h2>
            <Facts facts={[
                ["Connections", `${formatNumber(connections.open)} of ${formatNumber(connections.max)}`],
                ["Connections refused", formatNumber(connections.refused + connections.refused_per_address)],
                ["Watchers", `${formatNumber(watchers)} of ${formatNumber(limits.watchers_max)}`],
                ["History reaches back", formatDuration(history_age_seconds)],
                ["Old revisions being made", `${formatNumber(reads.expensive_running)}, ${formatNumber(reads.expensive_waiting)} wait`],
                ["Exports", `${formatNumber(reads.exports_running)}, ${formatNumber(reads.exports_waiting)} wait`],
                ["Snapshots retained", formatNumber(reads.retained_snapshots)],
            ]} />
        </section>
    );
}
