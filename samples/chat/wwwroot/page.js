// Shows the room, and says what is typed.
import { KvStoreClient } from "./client/index.js";
import { Room } from "./chat.js";

const { address } = await (await fetch("about.json")).json();
const me = decodeURIComponent(location.hash.slice(1)) || `guest-${Math.random().toString(36).slice(2, 6)}`;
addEventListener("hashchange", () => location.reload());

const [list, present, state, problem, input] = ["messages", "present", "state", "problem", "text"].map(id => document.getElementById(id));
document.getElementById("me").textContent = me;
const room = new Room(new KvStoreClient(address), me, show);

function rowOf({ key, from, text }) {
    const row = document.createElement("li");
    row.dataset.key = key;
    const name = document.createElement("b");
    name.textContent = from;
    row.append(name, " ", text);
    row.classList.toggle("mine", from === me);
    return row;
}

function show() {
    const rows = new Map([...list.children].map(row => [row.dataset.key, row]));
    const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 20;
    list.replaceChildren(...room.messages.map(message => rows.get(message.key) ?? rowOf(message)));
    if (isAtEnd)
        list.scrollTop = list.scrollHeight;
    present.textContent = room.present.join(", ");
    state.dataset.state = room.isLive ? "live" : "offline";
    state.textContent = room.isLive ? "Live" : "Offline · comes back by itself";
}

document.getElementById("say").addEventListener("submit", async event => {
    event.preventDefault();
    const text = input.value;
    input.value = "";
    problem.hidden = true;
    try {
        await room.say(text);
    } catch (error) {
        // What was typed is not lost.
        input.value ||= text;
        problem.textContent = `It was not said: ${error.message}`;
        problem.hidden = false;
    }
});

show();
await room.join(new AbortController().signal);
