import type { ComponentChildren } from "preact";

/** Names and what they are, one below the other. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ComponentChildren] | false | undefined)[] }) {
    return (
        <dl class="facts">
            {facts.map((fact) => fact && <div key={fact[0]}><dt>{fact[0]}</dt><dd>{fact[1]}</dd></div>)}
        </dl>
    );
}
