import { useSignal } from "@preact/signals";
import type { MergeableValue } from "kvstore-client";
import { useEffect } from "preact/hooks";
import { session } from "../session/session.js";
import { announce } from "../shell/announce.js";
import { formatNumber } from "../shell/format.js";
import { CounterForm } from "./counterForm.js";
import { SetForm } from "./setForm.js";
import { TextForm } from "./textForm.js";

/** What is known of a value: undefined until it was read, null if there is none. */
type Known = MergeableValue | null | undefined;

/** A mergeable value in its form, as it is now: it is read again with every change. */
export function ValueView({ name }: { readonly name: string }) {
    const value = useSignal<Known>(undefined);
    useEffect(() => {
        const stop = new AbortController();
        void follow(name, stop.signal, (next) => {
            if (value.peek() !== undefined && value.peek()?.revision !== next?.revision)
                announce(`${name} has changed.`);
            value.value = next;
        });
        return () => stop.abort();
    }, [name, session.epoch.value]);
    return (
        <section class="card" aria-label={`Value of ${name}`}>
            <h2 class="mono">{name}</h2>
            <Form name={name} value={value.value} />
            {value.value && <p class="muted">Revision {formatNumber(value.value.revision)}. It follows the changes of others by itself.</p>}
        </section>
    );
}

function Form({ name, value }: { readonly name: string; readonly value: Known }) {
    if (value === undefined)
        return <p class="empty">Reading …</p>;
    if (value === null)
        return <p class="empty">There is no mergeable value of this key.</p>;
    const canChange = session.canWrite.value;
    switch (typeof value.value) {
        case "number": return <CounterForm name={name} count={value.value} canChange={canChange} />;
        case "string": return <TextForm name={name} text={value.value} version={value.version} revision={value.revision} canChange={canChange} />;
        default: return <SetForm name={name} elements={value.value} canChange={canChange} />;
    }
}

async function follow(key: string, signal: AbortSignal, take: (value: Known) => void): Promise<void> {
    const read = async (): Promise<void> => {
        const value = await session.client.value.mergeable.get(key, { signal });
        if (!signal.aborted)
            take(value ?? null);
    };
    try {
        // The first read is that of the beginning of the watch, so that no change falls between the two.
        for await (const event of session.client.value.watch({ key, initial: true, values: false, persistent: true, signal })) {
            if (event.type === "put" || event.type === "delete" || event.type === "expire" || event.type === "synced")
                await read();
        }
    } catch (error) {
        if (!signal.aborted)
            session.report(error);
    }
}
