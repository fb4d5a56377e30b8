// Makes src/calls/documents.ts from the OpenAPI document of a service: node test/types/documents.mjs http://localhost:8080
import { writeFileSync } from "node:fs";

/** What the client types; the other schemas are its own, with members that it names and converts. */
const roots = ["StatusAnswer", "ClusterAnswer", "JoinAnswer", "Regions", "Origins", "Checkpoint", "LoadsBegun", "OutboxPage", "OutboxRetried", "OutboxDropped"];

const nameOf = ({ $ref }) => $ref?.split("/").at(-1);

function typeOf(schema) {
    if (schema.$ref)
        return nameOf(schema);
    if (schema.oneOf)
        return schema.oneOf.map(typeOf).sort().join(" | ");
    if (Array.isArray(schema.type))
        return schema.type.map(type => typeOf({ ...schema, type })).sort().join(" | ");
    switch (schema.type) {
        case "array":
            return `readonly ${typeOf(schema.items)}[]`;
        case "integer":
            return "number";
        default:
            return schema.type;
    }
}

function* referencesIn(value) {
    if (value?.$ref)
        yield nameOf(value);
    if (typeof value === "object" && value !== null) {
        for (const part of Object.values(value))
            yield* referencesIn(part);
    }
}

/** The interfaces by name, each with its members as they are written. */
export function interfacesOf({ components: { schemas } }) {
    const found = new Map();
    const waiting = [...roots];
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        if (found.has(name))
            continue;
        const { properties, required = [] } = schemas[name];
        found.set(name, Object.entries(properties).map(([member, schema]) => ({
            description: schema.description, text: `readonly ${member}${required.includes(member) ? "" : "?"}: ${typeOf(schema)};`,
        })));
        waiting.push(...referencesIn(properties));
    }

    return new Map([...found].sort(([one], [other]) => one < other ? -1 : 1));
}

export function sourceOf(document) {
    const { schemas } = document.components;
    const interfaces = [...interfacesOf(document)].map(([name, members]) => [
        ...(schemas[name].description ? [`/** ${schemas[name].description} */`] : []), `export interface ${name} {`,
        ...members.flatMap(({ description, text }) => [...(description ? [`    /** ${description} */`] : []), `    ${text}`]), "}", "",
    ].join("\n"));
    return `// Made from the OpenAPI document of the service by test/types/documents.mjs. A test compares the two.\n\n${interfaces.join("\n")}`;
}

if (process.argv[1] === import.meta.filename) {
    const document = await (await fetch(`${process.argv[2]}/openapi/v1.json`)).json();
    writeFileSync(new URL("../../src/calls/documents.ts", import.meta.url), sourceOf(document));
}
