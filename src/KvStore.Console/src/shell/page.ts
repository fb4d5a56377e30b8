import type { JSX } from "preact";

/** A page of the console: what its address is, and what is there. */
export interface Page {
    /** What follows `#/` in its address. */
    readonly page: string;

    /** Its heading, and its name in the navigation. */
    readonly title: string;
    readonly component: () => JSX.Element;

    /** Whether the navigation has it. */
    readonly nav: boolean;

    /** The keys that lead there, such as `g s`. */
    readonly keys?: string;
}
