// One entry: its value in every form, and writing it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertCalm, launch, openConsole } from "./browser.mjs";
import { TestService } from "./service.mjs";

let browser, service;

before(async () => {
    browser = await launch();
    service = await new TestService("--engine", "memory").start();
});

after(async () => {
    await browser.close();
    await service.dispose();
});

const openEntry = (key, show = "") => openConsole(browser, service, `#/data/browse?key=${encodeURIComponent(key)}${show}`);
const valueField = page => page.getByLabel("Value", { exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const read = async key => {
    const answer = await fetch(`${service.url}/v1/kv/${encodeURIComponent(key)}`);
    return answer.status === 404 ? undefined : { text: await answer.text(), type: answer.headers.get("Content-Type"), revision: Number(answer.headers.get("ETag").replaceAll("\"", "")), expires: answer.headers.get("KvStore-Expires") };
};

test("JSON is shown laid out, edited as it is stored, and its first error has its place", async () => {
    const stored = "{\"name\":\"shop\",\"id\":12345678901234567890}";
    await service.put("json", stored, "application/json");
    const page = await openEntry("json");
    await page.getByLabel("Value as JSON").getByText("12345678901234567890").waitFor();
    assert.equal(await page.getByLabel("Value as JSON").textContent(), "{\n  \"name\": \"shop\",\n  \"id\": 12345678901234567890\n}");
    await button(page, "Edit").click();
    assert.equal(await valueField(page).inputValue(), stored);
    assert.equal(await button(page, "Save").isDisabled(), true, "nothing was changed yet");
    await valueField(page).fill("{\"a\": 1,\n \"b\" 2}");
    await page.getByText("A colon is expected after the name.").waitFor();
    await assertAccessible(page);
    await page.getByRole("link", { name: "Line 2, column 6" }).click();
    assert.deepEqual(await valueField(page).evaluate(field => [field.selectionStart, document.activeElement === field]), [14, true]);
    await valueField(page).fill("{\"b\":1e400,\"b\":2}");
    await button(page, "Format").click();
    assert.equal(await valueField(page).inputValue(), "{\n  \"b\": 1e400,\n  \"b\": 2\n}");
    await button(page, "On one line").click();
    await page.keyboard.press("Control+s");
    await page.getByText("Saved json.").first().waitFor();
    const { text, type } = await read("json");
    assert.deepEqual([text, type], ["{\"b\":1e400,\"b\":2}", "application/json"]);
    await assertCalm(page);
    await page.context().close();
});

test("text keeps its line ends, its media type can be changed, and its expiry stays", async () => {
    await service.request("PUT", "/v1/kv/text?ttl=5000", { body: "one\r\ntwo\r\n", headers: { "Content-Type": "text/plain" } });
    const before = await read("text");
    const page = await openEntry("text");
    await page.getByText(/Expires in 1 h 2\d min/).waitFor();
    await button(page, "Edit").click();
    await valueField(page).fill("one\ntwo\nthree\n");
    await page.getByLabel("Media type").fill("text/markdown");
    await button(page, "Save").click();
    await page.getByText("Saved text.").first().waitFor();
    const saved = await read("text");
    assert.deepEqual([saved.text, saved.type], ["one\r\ntwo\r\nthree\r\n", "text/markdown"]);
    assert.ok(Math.abs(Date.parse(saved.expires) - Date.parse(before.expires)) <= 3000, `${before.expires} became ${saved.expires}`);
    await assertCalm(page);
    await page.context().close();
});

test("an expiry is set, counted down, and removed, and the value stays", async () => {
    await service.put("expiring", "value");
    const page = await openEntry("expiring");
    await page.getByText("Does not expire.").waitFor();
    await button(page, "Change the expiry").click();
    await page.getByLabel("Expires in").fill("2h");
    await button(page, "Set").click();
    await page.getByText(/Expires in (2 h|1 h 59 min)/).waitFor();
    await button(page, "Change the expiry").click();
    await page.getByLabel("Expires in", { exact: true }).fill("nonsense");
    assert.equal(await button(page, "Set").isDisabled(), true);
    await button(page, "Never expire").click();
    await page.getByText("Does not expire.").waitFor();
    assert.equal((await read("expiring")).text, "value");
    await button(page, "Edit").click();
    await page.getByLabel("Expiry").selectOption("in");
    await page.getByLabel("Expires in", { exact: true }).fill("90s");
    await button(page, "Save").click();
    await page.getByText(/Expires in 1 min/).waitFor();
    await assertCalm(page);
    await page.context().close();
});

test("bytes are shown and edited as hexadecimal digits, and replaced by a file", async () => {
    await service.put("bytes", Uint8Array.from([0, 1, 254, 255]), "application/octet-stream");
    const page = await openEntry("bytes");
    await page.getByLabel("Value in hexadecimal digits").getByText("00 01 fe ff").waitFor();
    await button(page, "Edit").click();
    const field = page.getByLabel("Value in hexadecimal digits");
    await field.fill("00 0g");
    await page.getByText("This is no hexadecimal digit.").waitFor();
    assert.equal(await button(page, "Save").isDisabled(), true);
    await field.fill("00 80 ff");
    await button(page, "Save").click();
    await page.getByText("Saved bytes.").first().waitFor();
    assert.deepEqual(Buffer.from(await (await fetch(`${service.url}/v1/kv/bytes`)).arrayBuffer()), Buffer.from([0, 128, 255]));
    await button(page, "Edit").click();
    await page.getByLabel("A file with the value").setInputFiles({ name: "pixel.png", mimeType: "image/png", buffer: pixel });
    await page.getByText("The value is from a file").waitFor();
    await button(page, "Save").click();
    await page.getByText("1 × 1 pixels").waitFor();
    assert.equal((await read("bytes")).type, "image/png");
    await assertCalm(page);
    await page.context().close();
});

const pixel = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

test("an image is shown, one with a script in it runs none, and a broken one says so", async () => {
    await service.put("image", pixel, "image/png");
    await service.put("svg", "<svg xmlns='http://www.w3.org/2000/svg' width='20' height='10' onload='alert(1)'><script>alert(1)</script><rect width='20' height='10'/></svg>", "image/svg+xml");
    await service.put("broken", "no image", "image/png");
    const page = await openEntry("image");
    page.on("dialog", dialog => page.complaints.push(dialog.message()));
    await page.getByText("1 × 1 pixels").waitFor();
    await page.goto(`${service.url}/ui/#/data/browse?key=svg`);
    await page.getByText("20 × 10 pixels").waitFor();
    await page.goto(`${service.url}/ui/#/data/browse?key=broken`);
    await page.getByText("The browser cannot show this image.").waitFor();
    await button(page, "Text").click();
    await page.getByText("no image").waitFor();
    await assertCalm(page);
    await page.context().close();
});

test("a large value is read when it is asked for, up to the limit of the service", async () => {
    await service.put("large", "x".repeat(1024 * 1024), "text/plain");
    const page = await openEntry("large");
    const reads = [];
    page.on("request", request => request.url().includes("/v1/kv/large") && reads.push(request.method()));
    await page.getByText("Values of more than 256 KiB are read when you ask for them.").waitFor();
    assert.deepEqual(reads, []);
    await button(page, "Read the value").click();
    await button(page, "Hex").click();
    await page.getByText("78 78 78 78").first().waitFor();
    assert.ok(await page.locator(".hex-line").count() < 60, "only the lines on the screen are elements");
    await button(page, "Edit").click();
    await valueField(page).fill("y".repeat(1024 * 1024 + 1));
    await page.getByText("of at most 1 MiB").waitFor();
    assert.equal(await button(page, "Save").isDisabled(), true);
    await valueField(page).fill("y".repeat(1024 * 1024));
    await button(page, "Save").click();
    await page.getByText("Saved large.").first().waitFor();
    assert.equal((await read("large")).text.length, 1024 * 1024);
    await assertCalm(page);
    await page.context().close();
});

test("an entry is created, and a key that cannot be one says why", async () => {
    const page = await openConsole(browser, service, "#/data/browse?prefix=made/");
    await page.getByText("No key begins with").waitFor();
    await page.keyboard.press("n");
    const key = page.getByLabel("Key", { exact: true });
    await key.fill("made/../x");
    await page.getByText("No part of a key between slashes is . or ..").waitFor();
    await key.fill("é".repeat(513));
    await page.getByText("this one has 1026").waitFor();
    await key.fill("made/1");
    await page.keyboard.press("Enter");
    await valueField(page).fill("[1, 2]");
    await button(page, "Create").click();
    await page.getByText("Saved made/1.").first().waitFor();
    assert.deepEqual([(await read("made/1")).text, (await read("made/1")).type], ["[1, 2]", "application/json"]);
    await page.getByRole("treegrid").getByText("1", { exact: true }).waitFor();
    await assertCalm(page);
    await page.context().close();
});
