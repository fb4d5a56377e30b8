import type { documents } from "kvstore-client";
import { session } from "../session/session.js";
import { Facts } from "../shell/facts.js";
import { formatDuration, formatNumber, formatShort } from "../shell/format.js";
import { NeedsAdmin } from "../shell/needsAdmin.js";
import type { Page } from "../shell/page.js";
import { usePolled } from "../shell/polling.js";
import { Share } from "../shell/share.js";
import { Outbox } from "./outbox.js";

export const originsPages: readonly Page[] = [{ page: "origins", title: "Origins", component: OriginsPage, nav: true, keys: "g o" }];

const PeriodMs = 2_000;

const writes: Readonly<Record<string, string>> = {
    refuse: "are refused", local: "stay in the store", through: "go to the origin before they are answered", behind: "go to the origin later",
};

function OriginsPage() {
    return <NeedsAdmin title="Origins"><LiveOrigins /></NeedsAdmin>;
}

function LiveOrigins() {
    const origins = usePolled(async (signal) => await session.poller.origins.list({ signal }), PeriodMs).value.value;
    if (origins === undefined)
        return <p class="empty">Asking the service …</p>;
    if (origins.length === 0)
        return <p class="card">This service has no origins. With the settings <code>Origins:NAME:…</code> a prefix of keys is loaded from an HTTP service or a database, and this page shows the workers, tokens and circuit breaker of each.</p>;
    return <>{origins.map((origin) => <OriginView key={origin.name} origin={origin} />)}</>;
}

function OriginView({ origin }: { readonly origin: documents.Origin }) {
    const { workers, tokens, requests, loads } = origin;
    return (
        <section class="card block" aria-label={`Origin ${origin.name}`}>
            <h2>
                {origin.name} <code>{origin.prefix}</code> <span class={`tag ${origin.breaker === "closed" ? "ok" : "danger"}`}>breaker {origin.breaker}</span>
            </h2>
            <div class="panels">
                <div>
                    <h3>Workers and tokens</h3>
                    <Facts facts={[
                        ["Busy workers", <><Share label={`Busy workers of ${origin.name}`} value={workers.busy} max={workers.now} /> {workers.busy} of {workers.now}</>],
                        ["Workers may be", `${workers.min} to ${workers.max}`],
                        tokens.per_second === 0 ? ["Tokens", "no limit"]
                            : ["Tokens", <><Share label={`Tokens of ${origin.name}`} value={tokens.now} max={tokens.burst} isSupply /> {formatShort(tokens.now)} of {formatShort(tokens.burst)}</>],
                        tokens.per_second !== 0 && ["Tokens per second", formatShort(tokens.per_second)],
                        tokens.paused_seconds > 0 && ["The origin asked for a pause of", formatDuration(tokens.paused_seconds)],
                        ["Loads that wait", formatNumber(origin.queued)],
                        ["Loads in progress", formatNumber(origin.loading)],
                        ["Requests that wait for them", formatNumber(origin.waiters)],
                    ]} />
                </div>
                <div>
                    <h3>Reads since the start</h3>
                    <Facts facts={[
                        ["Without a load", origin.hit_ratio === null ? "–" : `${formatShort(100 * origin.hit_ratio)} %`],
                        ["Fresh", formatNumber(requests.hit)],
                        ["Stale", formatNumber(requests.stale)],
                        ["After a load", formatNumber(requests.loaded)],
                        ["Failed", formatNumber(requests.failed)],
                        ["Known keys", formatNumber(origin.known_keys)],
                    ]} />
                </div>
                <div>
                    <h3>Loads since the start</h3>
                    <Facts facts={[
                        ["Calls", `${formatNumber(loads.calls)}, ${formatNumber(loads.repeated_calls)} of them repeated`],
                        ["Found", formatNumber(loads.found)],
                        ["Unchanged", formatNumber(loads.not_modified)],
                        ["Absent", formatNumber(loads.absent)],
                        ["Failed", formatNumber(loads.failed)],
                        ["Waited for the load of another", formatNumber(loads.collapsed)],
                        ["Writes", writes[origin.writes] ?? origin.writes],
                    ]} />
                </div>
                {origin.notifications && (
                    <div>
                        <h3>Notifications</h3>
                        <Facts facts={[
                            ["Channel", <code>{origin.notifications.channel}</code>],
                            ["Connected", origin.notifications.connected ? "yes" : "no"],
                            ["Received", formatNumber(origin.notifications.received)],
                        ]} />
                    </div>
                )}
                {origin.outbox && <Outbox origin={origin.name} prefix={origin.prefix} outbox={origin.outbox} />}
            </div>
        </section>
    );
}
