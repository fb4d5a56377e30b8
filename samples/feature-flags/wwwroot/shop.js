// What a visitor sees: each element with data-flag is there if the visitor has that feature.
import { KvStoreClient } from "./client/index.js";
import { Flags } from "./flags.js";
import { showState } from "./state.js";

const { address } = await (await fetch("about.json")).json();
const flags = new Flags(new KvStoreClient(address));

// A visitor stays the same one; #name is another.
const visitor = location.hash.slice(1) || (localStorage.visitor ??= Math.random().toString(36).slice(2));
addEventListener("hashchange", () => location.reload());
document.getElementById("visitor").textContent = visitor;

function show() {
    for (const element of document.querySelectorAll("[data-flag]"))
        element.hidden = !flags.isOn(element.dataset.flag, visitor);
    showState(flags.isLive);
}

flags.subscribe(show);
show();
await flags.follow();
