import { hrefOf, navigate, route } from "../shell/router.js";

/** What the page of keys shows, as its address says it. */
export interface Place {
    readonly prefix: string;
    readonly delimiter: string;

    /** The entry beside the tree. */
    readonly key: string | undefined;
    readonly show: "entry" | "history" | "new";
}

const page = "data/browse";

/** Where the address leads. */
export function placeOf(query: URLSearchParams = route.value.query): Place {
    const show = query.get("show");
    return {
        prefix: query.get("prefix") ?? "", delimiter: query.get("delimiter") ?? "/", key: query.get("key") ?? undefined,
        show: show === "history" || show === "new" ? show : "entry",
    };
}

function queryOf({ prefix, delimiter, key, show }: Place): Record<string, string | undefined> {
    return { prefix: prefix === "" ? undefined : prefix, delimiter: delimiter === "/" ? undefined : delimiter, key, show: show === "entry" ? undefined : show };
}

/** The address of another place; what is not given stays. */
export const placeHref = (change: Partial<Place>): string => hrefOf(page, queryOf({ ...placeOf(), ...change }));

/** Goes to another place. */
export const goTo = (change: Partial<Place>, options?: { readonly replace?: boolean }): void => navigate(page, queryOf({ ...placeOf(route.peek().query), ...change }), options);
