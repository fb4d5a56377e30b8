/** Where JSON is wrong, for people: lines and columns begin with 1. */
export interface JsonError {
    readonly message: string;
    readonly offset: number;
    readonly line: number;
    readonly column: number;
}

/** A piece of JSON as it is written. Strings that are names of members have the kind `name`. */
export interface JsonToken {
    readonly kind: "name" | "string" | "number" | "word" | "mark";
    readonly start: number;
    readonly end: number;
}

// The service stores up to 64 levels as JSON; the scanner is a loop, so a deeper text is an error and not a full stack.
const levelsMax = 512;
const numberForm = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const stringForm = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const space = /[ \t\r\n]*/y;

/** The first error of a text that is to be JSON; undefined if it is. */
export function findJsonError(text: string): JsonError | undefined {
    const scanned = scan(text, () => undefined);
    return scanned && { ...scanned, ...placeOf(text, scanned.offset) };
}

/** The tokens of JSON in their order; undefined if it is none. */
export function tokensOf(text: string): readonly JsonToken[] | undefined {
    const tokens: JsonToken[] = [];
    return scan(text, token => tokens.push(token)) === undefined ? tokens : undefined;
}

/**
 * Lays JSON out anew, or on one line with an indent of 0. Only white space changes: JSON.parse and JSON.stringify would also change large numbers, escapes
 * and repeated names. Undefined if the text is no JSON.
 */
export function formatJson(text: string, indent: number): string | undefined {
    const parts: string[] = [];
    let level = 0;
    let before = "";
    const onNewLine = (): void => void (indent > 0 && parts.push("\n" + " ".repeat(indent * level)));
    const error = scan(text, ({ start, end }) => {
        const part = text.slice(start, end);
        const isClosing = part === "}" || part === "]";
        level -= isClosing ? 1 : 0;
        if (isClosing ? before !== "{" && before !== "[" : before === "{" || before === "[" || before === ",")
            onNewLine();
        parts.push(part === ":" && indent > 0 ? ": " : part);
        level += part === "{" || part === "[" ? 1 : 0;
        before = part;
    });
    return error === undefined ? parts.join("") : undefined;
}

/** The text of a member of a JSON object, as it is written; undefined if the object does not have it. */
export function rawMember(text: string, name: string): string | undefined {
    let level = 0;
    let start: number | undefined;
    let end = 0;
    let isNamed = false;
    scan(text, token => {
        const part = text.slice(token.start, token.end);
        level -= part === "}" || part === "]" ? 1 : 0;
        if (level === 1 && token.kind === "name")
            isNamed = JSON.parse(part) === name;
        else if (isNamed && !(level <= 1 && (part === ":" || part === ",")) && level > 0)
            [start, end] = [start ?? token.start, token.end];
        level += part === "{" || part === "[" ? 1 : 0;
    });
    return start === undefined ? undefined : text.slice(start, end);
}

function placeOf(text: string, offset: number): { line: number; column: number } {
    const before = text.slice(0, offset);
    return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** Follows the grammar of RFC 8259. Returns the first error. */
function scan(text: string, found: (token: JsonToken) => void): { message: string; offset: number } | undefined {
    const open: ("{" | "[")[] = [];
    let at = 0;

    // What may come next: a value, the first member or element, what follows a comma, a colon, or what follows a value.
    let expects: "value" | "first" | "name" | "colon" | "rest" = "value";
    const match = (form: RegExp): number => {
        form.lastIndex = at;
        return form.test(text) ? form.lastIndex : at;
    };
    const take = (kind: JsonToken["kind"], end: number): void => {
        found({ kind, start: at, end });
        at = end;
    };
    while (true) {
        at = match(space);
        const next = text[at];
        const inside = open.at(-1);
        if (expects === "rest" && inside === undefined)
            return at === text.length ? undefined : { message: "Nothing may follow the value.", offset: at };
        if (next === undefined)
            return { message: inside === undefined ? "There is no value." : `The ${inside === "{" ? "object" : "array"} is not closed.`, offset: at };

        const closes = inside === "{" ? "}" : "]";
        if ((expects === "first" || expects === "rest") && next === closes) {
            take("mark", at + 1);
            open.pop();
            expects = "rest";
        } else if (expects === "rest") {
            if (next !== ",")
                return { message: `A comma or ${closes} is expected.`, offset: at };
            take("mark", at + 1);
            expects = inside === "{" ? "name" : "value";
        } else if (expects === "colon") {
            if (next !== ":")
                return { message: "A colon is expected after the name.", offset: at };
            take("mark", at + 1);
            expects = "value";
        } else if (expects === "name" || (expects === "first" && inside === "{")) {
            const end = match(stringForm);
            if (end === at)
                return next === "\"" ? badString(text, at) : { message: "A name in double quotes is expected.", offset: at };
            take("name", end);
            expects = "colon";
        } else if (next === "{" || next === "[") {
            if (open.length === levelsMax)
                return { message: `There are more than ${levelsMax} levels.`, offset: at };
            take("mark", at + 1);
            open.push(next);
            expects = "first";
        } else {
            const word = ["true", "false", "null"].find(word => text.startsWith(word, at));
            const end = word !== undefined ? at + word.length : match(next === "\"" ? stringForm : numberForm);
            if (end === at)
                return next === "\"" ? badString(text, at) : { message: "A value is expected.", offset: at };
            take(word !== undefined ? "word" : next === "\"" ? "string" : "number", end);
            expects = "rest";
        }
    }
}

/** Why a text that begins with a double quote is no string, and where. */
function badString(text: string, start: number): { message: string; offset: number } {
    for (let at = start + 1; at < text.length; at++) {
        const next = text[at]!;
        if (next < " ")
            return { message: next === "\n" ? "The string is not closed on its line." : "A control character has to be escaped.", offset: at };
        if (next === "\\") {
            if (!/^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at + 1, at + 6)))
                return { message: "This is no escape of JSON.", offset: at };
            at++;
        }
    }

    return { message: "The string is not closed.", offset: start };
}
