/** Keys whose page begins with an empty form, because the user has just named them for a new entry. */
export const newEntries = new Set<string>();
