import type { documents } from "kvstore-client";
import { Facts } from "../shell/facts.js";
import { formatBytes, formatNumber, formatTime } from "../shell/format.js";

/** The log on disk. */
export function LogTable({ log }: { readonly log: documents.LogStatus }) {
    return (
        <section class="card">
            <h2>Log on disk</h2>
            <Facts facts={[
                ["State", log.closed_reason ?? (log.has_no_space ? "the disk is full" : log.state)],
                ["Flushes", log.flush_mode],
                ["Flushed up to revision", formatNumber(log.flushed_revision)],
                log.flushed_at !== undefined && ["Last flush", formatTime(log.flushed_at)],
                ["Segments", `${formatNumber(log.segments)}, ${formatBytes(log.bytes)}`],
            ]} />
        </section>
    );
}
