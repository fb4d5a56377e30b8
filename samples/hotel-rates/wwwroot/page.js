// Asks KvStore for the rates of a city in one request whose answer is a stream of lines, and shows how the origins do meanwhile.

const vendors = ["slow", "batched", "flaky"];
const described = {
    slow: "400 ms for each hotel",
    batched: "200 ms for up to 10 hotels",
    flaky: "60 ms; fails at times, and takes 20 calls a second",
};
const hotelCount = 24;
const maxWaitSeconds = 15;
const refreshMilliseconds = 200;

const element = id => document.getElementById(id);
const { kvstore } = await (await fetch("about")).json();

const send = (path, body, headers = {}) => fetch(kvstore + path, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });

/** The lines of an answer, each as soon as it is there. */
async function* linesOf(response) {
    let rest = "";
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        yield* lines.filter(line => line).map(line => JSON.parse(line));
    }
}

// --- The rates ---

const cellOf = key => document.querySelector(`[data-key="${key}"]`);

function showHotels(city) {
    element("rates").replaceChildren(...Array.from({ length: hotelCount }, (_, i) => {
        const row = document.createElement("tr");
        const name = document.createElement("th");
        name.scope = "row";
        name.textContent = `${city} ${i + 1}`;
        row.append(name, ...vendors.map(vendor => {
            const cell = document.createElement("td");
            cell.dataset.key = `rates/${vendor}/${city}-${i + 1}`;
            cell.className = "pending";
            cell.textContent = "…";
            return cell;
        }));
        return row;
    }));
}

function showRate(item, milliseconds) {
    const cell = cellOf(item.key);
    cell.className = "";
    cell.dataset.price = item.json.price;
    cell.textContent = `${item.json.price} € `;
    const time = document.createElement("small");
    time.textContent = `${milliseconds} ms`;
    cell.append(time);
    const known = [...cell.parentElement.querySelectorAll("[data-price]")];
    const best = Math.min(...known.map(other => Number(other.dataset.price)));
    known.forEach(other => other.classList.toggle("best", Number(other.dataset.price) === best));
}

function showMissing(key, text, isFailure) {
    cellOf(key).textContent = text;
    cellOf(key).className = isFailure ? "failed" : "pending";
}

let searches = 0;

async function search() {
    const city = element("city").value;
    const search = ++searches;
    showHotels(city);
    const keys = vendors.flatMap(vendor => Array.from({ length: hotelCount }, (_, i) => `rates/${vendor}/${city}-${i + 1}`));
    const start = performance.now();
    let arrived = 0;
    const elapsed = () => Math.round(performance.now() - start);
    const response = await send(`/v1/batch/get?wait=${maxWaitSeconds}`, { keys }, { Accept: "application/x-ndjson" });
    if (!response.ok)
        throw new Error(`KvStore answered ${response.status}: ${(await response.json()).detail}`);
    for await (const line of linesOf(response)) {
        if (search !== searches)
            return;
        if (line.key) {
            showRate(line, elapsed());
            element("outcome").textContent = `${++arrived} of ${keys.length} rates after ${elapsed()} ms`;
        } else {
            line.missing.forEach(key => showMissing(key, "none", false));
            line.pending.forEach(key => showMissing(key, "late", false));
            line.errors.forEach(error => showMissing(error.key, error.type.replace(/.*origin-/, ""), true));
            element("outcome").textContent = `${arrived} of ${keys.length} rates in ${elapsed()} ms${line.errors.length ? `, ${line.errors.length} failed` : ""}`;
        }
    }
}

const report = failure => { element("outcome").textContent = failure.message; };

element("search").addEventListener("submit", event => {
    event.preventDefault();
    search().catch(report);
});
element("invalidate").addEventListener("click", () => Promise.all(vendors.map(vendor => send(`/v1/origins/${vendor}/invalidate`, { prefix: `rates/${vendor}/` })))
    .then(() => { element("outcome").textContent = "All rates are invalid: the next search asks the vendors again."; })
    .catch(report));
element("down").addEventListener("change", event => fetch("flaky/down", { method: event.target.checked ? "PUT" : "DELETE" }).catch(report));

// --- The origins ---

const cards = new Map(vendors.map(vendor => {
    const card = element("origin").content.firstElementChild.cloneNode(true);
    card.querySelector(".name").textContent = vendor;
    card.querySelector(".what").textContent = described[vendor];
    element("origins").append(card);
    return [vendor, card];
}));

function showOrigin(origin) {
    const card = cards.get(origin.name);
    const set = (name, text) => { card.querySelector(`.${name}`).textContent = text; };
    set("breaker", `breaker ${origin.breaker}`);
    card.querySelector(".breaker").classList.toggle("open", origin.breaker !== "closed");
    const { busy, now, max } = origin.workers;
    card.querySelector(".workers").title = `${busy} busy, ${now} started, at most ${max}`;
    card.querySelector(".workers").replaceChildren(...Array.from({ length: max }, (_, i) => {
        const worker = document.createElement("span");
        worker.className = `worker ${i < busy ? "busy" : i < now ? "idle" : ""}`;
        return worker;
    }));
    const paused = origin.tokens.paused_seconds > 0;
    card.querySelector(".tokens").classList.toggle("paused", paused);
    set("tokens", paused ? `none for ${origin.tokens.paused_seconds.toFixed(1)} s, after a 429`
        : origin.tokens.per_second ? `${origin.tokens.now} of ${origin.tokens.burst}, ${origin.tokens.per_second} more a second` : "no limit");
    set("queued", origin.queued);
    set("calls", origin.loads.calls);
    set("repeated", origin.loads.repeated_calls);
    set("collapsed", origin.loads.collapsed);
}

for (;;) {
    try {
        (await (await fetch(`${kvstore}/v1/origins`)).json()).origins.forEach(showOrigin);
    } catch (failure) {
        report(failure);
    }
    await new Promise(resolve => setTimeout(resolve, refreshMilliseconds));
}
