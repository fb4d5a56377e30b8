// Switches flags. What another operator switches is seen here, too.
import { KvStoreClient } from "./client/index.js";
import { Flags } from "./flags.js";
import { showState } from "./state.js";

const { address } = await (await fetch("about.json")).json();
const flags = new Flags(new KvStoreClient(address));
const list = document.getElementById("flags");
const template = document.getElementById("flag");
const problem = document.getElementById("problem");

async function set(name, percent) {
    try {
        await flags.setPercent(name, percent);
        problem.hidden = true;
    } catch (error) {
        problem.textContent = `${name} was not changed: ${error.message}`;
        problem.hidden = false;
        show();
    }
}

function rowOf(name) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.name = name;
    const range = row.querySelector("input");
    range.ariaLabel = `Visitors with ${name}, in percent`;
    range.addEventListener("change", () => set(name, range.valueAsNumber));
    row.querySelector(".off").addEventListener("click", () => set(name, 0));
    row.querySelector(".on").addEventListener("click", () => set(name, 100));
    return row;
}

function show() {
    const rows = new Map([...list.children].map(row => [row.dataset.name, row]));
    list.replaceChildren(...[...flags.all].map(([name, { percent, description }]) => {
        const row = rows.get(name) ?? rowOf(name);
        row.querySelector(".name").textContent = name;
        row.querySelector(".description").textContent = description;
        row.querySelector("output").textContent = `${percent} %`;
        row.querySelector("input").value = percent;
        return row;
    }));
    showState(flags.isLive);
}

document.getElementById("add").addEventListener("submit", event => {
    event.preventDefault();
    const input = document.getElementById("name");
    void set(input.value, 0);
    input.value = "";
});

flags.subscribe(show);
show();
await flags.follow();
