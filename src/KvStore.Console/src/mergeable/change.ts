import { session } from "../session/session.js";

/** Changes a value; says what went wrong, and whether nothing did. */
export async function change(apply: () => Promise<unknown>): Promise<boolean> {
    try {
        await apply();
        return true;
    } catch (error) {
        session.report(error);
        return false;
    }
}
