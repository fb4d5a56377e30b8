// Builds the console into obj/console: each file compressed twice, by Brotli and by gzip, which is what the service embeds and sends.
//
//   node build/build.mjs
//
// Exit code 3: what it needs is not here (a newer Node.js, npm, or the packages, because npm reaches no registry).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { withLock } from "./lock.mjs";

const NotHere = 3;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const obj = join(root, "obj");
const output = join(obj, "console");

class MissingError extends Error {}

/** Installs the packages if those that are there are not those of the lock file. */
function install() {
    const modules = join(root, "node_modules");
    const stamp = join(modules, ".kvstore-lock");
    const wanted = createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest("hex");
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted)
        return;
    const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, encoding: "utf8", shell: process.platform === "win32" });
    if (npm.error !== undefined)
        throw new MissingError(`npm cannot be run (${npm.error.message}).`);
    if (npm.status !== 0)
        throw new MissingError(`npm could not install the packages: ${npm.stderr.trim()}`);
    writeFileSync(stamp, wanted);
}

/** Every file below a folder, by its path in it. */
const filesIn = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));

function compress(file) {
    const bytes = readFileSync(file);
    const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
    rmSync(file);
}

async function build() {
    const { build: bundle } = await import("vite");
    const made = join(obj, "made");
    rmSync(made, { recursive: true, force: true });
    await bundle({ root, configFile: join(root, "vite.config.mjs"), logLevel: "warn", build: { outDir: made, emptyOutDir: true } });
    filesIn(made).forEach(compress);

    // Whole or not at all: a build that is interrupted leaves what was there.
    rmSync(output, { recursive: true, force: true });
    renameSync(made, output);
}

try {
    const [major, minor] = process.versions.node.split(".").map(Number);
    if (major < 20 || (major === 20 && minor < 19))
        throw new MissingError(`Node.js ${process.versions.node} is too old; 20.19 or later is needed.`);
    mkdirSync(obj, { recursive: true });
    await withLock(obj, async () => {
        install();
        await build();
    });
} catch (error) {
    if (!(error instanceof MissingError))
        throw error;
    console.error(error.message);
    process.exitCode = NotHere;
}
