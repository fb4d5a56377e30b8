// Three mergeable values make a note: a text, a set of things to buy, and a counter. This browser has a replica of each, so that all of them can be changed
// while it is offline.
import { KvStoreClient, MergeableReplica } from "./client/index.js";
import { bindEditor } from "./editor.js";
import { showState } from "./state.js";

const element = id => document.getElementById(id);

// The page itself has to be there offline, too.
navigator.serviceWorker?.register("worker.js");
addEventListener("hashchange", () => location.reload());

const { addresses } = await (await fetch("about.json")).json();
const note = `notes/${location.hash.slice(1) || "home"}`;
const [text, list, likes] = await Promise.all([["text", "text"], ["list", "or-set"], ["likes", "g-counter"]].map(
    ([name, type], i) => MergeableReplica.open(new KvStoreClient(addresses[i]), `${note}/${name}`, type)));

showState(element("state"), element("problem"), [text, list, likes]);

// --- The text ---

const showText = bindEditor(element("text"), {
    get text() { return text.value.text; },
    anchorAt: position => text.value.anchorAt(position),
    positionOf: anchor => text.value.positionOf(anchor),
    edit: (position, count, inserted) => text.change(value => {
        value.delete(position, count);
        value.insert(position, inserted);
    }),
});
text.subscribe(({ type }) => type === "change" && showText());

// --- The list ---

element("add").addEventListener("submit", event => {
    event.preventDefault();
    const item = element("item").value.trim();
    if (item)
        list.change(value => value.change([item]));
    element("item").value = "";
});

// Items that stay keep their elements, and with them the focus and what is being clicked.
function showList() {
    const shown = new Map([...element("list").children].map(entry => [entry.dataset.item, entry]));
    const items = list.value.elements;
    for (const [item, entry] of shown) {
        if (!list.value.has(item))
            entry.remove();
    }
    items.forEach((item, i) => {
        const entry = shown.get(item) ?? newEntry(item);
        if (element("list").children[i] !== entry)
            element("list").insertBefore(entry, element("list").children[i] ?? null);
    });
    element("empty").hidden = items.length > 0;
}

function newEntry(item) {
    const entry = element("entry").content.cloneNode(true).firstElementChild;
    entry.dataset.item = item;
    entry.querySelector(".name").textContent = item;
    entry.querySelector("button").ariaLabel = `${item}: bought`;
    entry.querySelector("button").addEventListener("click", () => list.change(value => value.change([], [item])));
    return entry;
}

list.subscribe(({ type }) => type === "change" && showList());
showList();

// --- The likes ---

element("like").addEventListener("click", () => likes.change(value => value.increment(1n)));
function showLikes() {
    const { value } = likes.value;
    element("likes").textContent = value;
    element("unit").textContent = value === 1n ? "like" : "likes";
}

likes.subscribe(({ type }) => type === "change" && showLikes());
showLikes();

for (const control of document.querySelectorAll(":disabled"))
    control.disabled = false;
