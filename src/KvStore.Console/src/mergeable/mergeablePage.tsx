import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { session } from "../session/session.js";
import { formatNumber } from "../shell/format.js";
import type { Page } from "../shell/page.js";
import { hrefOf, navigate, route } from "../shell/router.js";
import { findMergeable, type Found } from "./find.js";
import { NewValue } from "./newValue.js";
import { ValueView } from "./valueView.js";

export const mergeablePages: readonly Page[] = [{ page: "mergeable", title: "Mergeable", component: MergeablePage, nav: true, keys: "g m" }];

function MergeablePage() {
    const key = route.value.query.get("key");
    return (
        <>
            <h1>Mergeable values</h1>
            <p class="muted">Counters, sets and texts that any number of clients change at once, and that merge without losing anything.</p>
            {!session.canRead.value ? <p class="empty">They need a key with the right <code>read</code>, which yours does not have.</p> : (
                <div class="halves">
                    <Finder />
                    <div>{key !== null && <ValueView key={key} name={key} />}</div>
                </div>
            )}
        </>
    );
}

function Finder() {
    const input = useRef<HTMLInputElement>(null);
    const found = useSignal<Found | undefined>(undefined);
    const isBusy = useSignal(false);
    const prefix = route.value.query.get("prefix") ?? session.prefixes.value?.[0] ?? "";
    const stop = useRef(new AbortController());

    const find = async (before: Found | undefined): Promise<void> => {
        stop.current.abort();
        const own = stop.current = new AbortController();
        isBusy.value = true;
        try {
            found.value = await findMergeable(session.client.value, prefix, before, own.signal);
        } catch (error) {
            if (!own.signal.aborted)
                session.report(error);
        }

        if (stop.current === own)
            isBusy.value = false;
    };
    useEffect(() => {
        void find(undefined);
        return () => stop.current.abort();
    }, [prefix, session.epoch.value]);

    const search = (event: Event): void => {
        event.preventDefault();
        navigate("mergeable", { prefix: input.current!.value, key: route.value.query.get("key") ?? undefined });
    };
    return (
        <section class="card">
            <form class="row" onSubmit={search}>
                <div class="grow">
                    <label for="mergeable-prefix">Prefix of their keys</label>
                    <input ref={input} id="mergeable-prefix" class="mono" defaultValue={prefix} spellcheck={false} autocomplete="off" />
                </div>
                <button type="submit">Find</button>
            </form>
            <ul class="keys-found" aria-busy={isBusy.value}>
                {found.value?.values.map((value) => (
                    <li key={value.key}>
                        <a class="mono" href={hrefOf("mergeable", { prefix, key: value.key })} aria-current={route.value.query.get("key") === value.key ? "true" : undefined}>{value.key}</a>
                    </li>
                ))}
            </ul>
            <p class="muted" role="status">{sentenceOf(found.value, isBusy.value)}</p>
            {found.value?.cursor !== undefined && <button type="button" disabled={isBusy.value} onClick={() => void find(found.value)}>Look further</button>}
            {session.canWrite.value && <NewValue prefix={prefix} />}
        </section>
    );
}

function sentenceOf(found: Found | undefined, isBusy: boolean): string {
    if (isBusy || found === undefined)
        return "Looking …";
    const count = `${formatNumber(found.values.length)} among ${formatNumber(found.scanned)} entries`;
    return found.cursor === undefined ? `${count}.` : `${count} so far; there are more entries.`;
}
