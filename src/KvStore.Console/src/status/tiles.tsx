import type { documents } from "kvstore-client";
import { formatBytes, formatDuration, formatNumber } from "../shell/format.js";

/** What an operator wants to know at a glance. */
export function Tiles({ status }: { readonly status: documents.StatusAnswer }) {
    const tiles: readonly [string, string, string?][] = [
        ["State", status.state, status.state === "running" ? "ok" : status.state === "failed" ? "danger" : "warn"],
        ["Engine", status.engine],
        ["Entries", formatNumber(status.keys)],
        ["Keys and values", formatBytes(status.bytes)],
        ["Revision", formatNumber(status.revision)],
        ["Oldest revision that can be read", formatNumber(status.oldest_revision)],
        ["Running for", formatDuration(status.uptime_seconds)],
        ["Version", status.version],
    ];
    return (
        <dl class="tiles">
            {tiles.map(([name, value, kind]) => (
                <div key={name} class="tile card"><dt>{name}</dt><dd class={kind ?? ""}>{value}</dd></div>
            ))}
        </dl>
    );
}
