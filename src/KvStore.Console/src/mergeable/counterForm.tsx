import { useRef } from "preact/hooks";
import { session } from "../session/session.js";
import { formatNumber } from "../shell/format.js";
import { change } from "./change.js";

/** A counter. */
export function CounterForm({ name, count, canChange }: { readonly name: string; readonly count: number; readonly canChange: boolean }) {
    const input = useRef<HTMLInputElement>(null);
    const add = (sign: bigint): void => {
        const amount = input.current!.value.trim();
        if (input.current!.reportValidity())
            void change(() => session.client.value.mergeable.increment(name, sign * BigInt(amount)));
    };
    return (
        <>
            <p class="count">{Number.isSafeInteger(count) ? formatNumber(count) : `about ${formatNumber(count)}`}</p>
            {canChange && (
                <div class="row">
                    <div>
                        <label for="counter-amount">By how much</label>
                        <input ref={input} id="counter-amount" inputMode="numeric" pattern="\d+" required defaultValue="1" />
                    </div>
                    <button type="button" onClick={() => add(1n)}>Add</button>
                    <button type="button" onClick={() => add(-1n)}>Subtract</button>
                </div>
            )}
        </>
    );
}
