// What the tests of manifests share.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

/** The documents of a file. */
export const read = file => parseAllDocuments(readFileSync(file, "utf8")).map(document => document.toJS());

/** The module that has the type of a manifest. */
export const moduleOf = manifest => `kubernetes-models/${manifest.apiVersion}`;

/** What the compiler says of manifests: a literal with a member that its interface does not have does not compile. */
export function compilerErrorsOf(name, list) {
    const lines = list.map((manifest, at) => `import type { I${manifest.kind} as Type${at} } from "${moduleOf(manifest)}";\nexport const manifest${at}: Type${at} = ${JSON.stringify(manifest)};`);
    const file = new URL(`generated/${name}.ts`, import.meta.url);
    writeFileSync(file, lines.join("\n"));
    return spawnSync(
        new URL("node_modules/.bin/tsc", import.meta.url).pathname,
        ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext", file.pathname],
        { encoding: "utf8" },
    ).stdout;
}
