import type { documents } from "kvstore-client";
import { session } from "../session/session.js";
import { ask } from "../shell/dialogs.js";
import { Facts } from "../shell/facts.js";
import { formatDuration, formatNumber, formatTime } from "../shell/format.js";
import { toast } from "../shell/toasts.js";

export interface OutboxProps {
    readonly origin: string;
    readonly prefix: string;
    readonly outbox: documents.OriginOutbox;
}

// As many as a person reads.
const ItemsMax = 100;

/** Writes that the origin has yet to get. */
export function Outbox({ origin, prefix, outbox }: OutboxProps) {
    return (
        <div>
            <h3>Outbox</h3>
            <Facts facts={[
                ["Wait for their delivery", `${formatNumber(outbox.pending)} of ${formatNumber(outbox.entries_max)}`],
                outbox.pending > 0 && ["The oldest for", formatDuration(outbox.age_seconds)],
                ["Parked", <span class={outbox.parked > 0 ? "error" : ""}>{formatNumber(outbox.parked)}</span>],
                ["Delivered since the start", formatNumber(outbox.delivered)],
                ["Failed since the start", formatNumber(outbox.failed)],
            ]} />
            {outbox.parked > 0 && (
                <p class="row">
                    <button type="button" onClick={() => void show(origin)}>Show the parked</button>
                    {!session.isReadOnly.value && <button type="button" onClick={() => void retry(origin, prefix)}>Deliver them again</button>}
                </p>
            )}
        </div>
    );
}

async function show(origin: string): Promise<void> {
    try {
        const items: documents.OutboxItem[] = [];
        for await (const item of session.client.value.origins.outbox(origin, { state: "parked" })) {
            items.push(item);
            if (items.length === ItemsMax)
                break;
        }

        await ask({
            title: `Parked writes of ${origin}`,
            body: (
                <div class="scroll" tabIndex={0} role="region" aria-label="Parked writes">
                    <table>
                        <thead><tr><th>Key</th><th>Since</th><th>Why</th></tr></thead>
                        <tbody>{items.map((item) => <tr key={item.key}><th scope="row"><code>{item.key}</code></th><td>{formatTime(item.since)}</td><td>{item.reason}</td></tr>)}</tbody>
                    </table>
                </div>
            ),
            choices: [{ id: "close", label: "Close" }],
        });
    } catch (error) {
        session.report(error);
    }
}

async function retry(origin: string, prefix: string): Promise<void> {
    try {
        const { retried, failed } = await session.client.value.origins.retry(origin, { prefix });
        toast(failed === 0 ? `${formatNumber(retried)} are delivered again.` : `${formatNumber(retried)} are delivered again; ${formatNumber(failed)} could not be changed now.`);
    } catch (error) {
        session.report(error);
    }
}
