// The page: who you are, where you are, and what is there. The server says only "something changed";
// the page then asks for the state and redraws what is different.

import { drawBlocks, drawMessage } from "./blocks.js";
import { el, get, notice, post } from "./dom.js";
import { know } from "./mrkdwn.js";
import { enteredIn, focusAgain, focusIn, showModal } from "./modal.js";
import { messagePlace, viewPlace } from "./places.js";

const asked = new URLSearchParams(location.search);
const here = {
  user: asked.get("user") || "U0RITA",
  channel: asked.get("channel") || "C0NUMBERS",
  tab: asked.get("tab") || "messages",
  revision: -1,
  seen: {},
  state: null,
};
const part = (id) => document.getElementById(id);
const messageEntries = new Map();

function address() {
  const query = new URLSearchParams({ user: here.user, channel: here.channel });
  if (here.tab === "home") query.set("tab", "home");
  history.replaceState(null, "", `/?${query}`);
}

// -- asking ------------------------------------------------------------------------------------

let running = null;
let again = false;

// One question at a time; whoever asks meanwhile waits for an answer that is newer than their question.
function refresh() {
  again = true;
  running ||= ask().finally(() => { running = null; });
  return running;
}

async function ask() {
  while (again) {
    again = false;
    const channel = here.channel;
    const query = new URLSearchParams({ user: here.user, channel });
    const state = await get(`/ui/state?${query}`).catch((problem) => notice(`Not loaded: ${problem.message}`));
    if (!state) return; // the live connection asks again when the workbench is back
    if (channel === here.channel) draw(state); else again = true;
  }
}

function live() {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ui/live`);
  socket.onopen = () => { part("offline").textContent = ""; here.revision = -1; };
  socket.onmessage = (event) => {
    if (JSON.parse(event.data).revision !== here.revision) refresh();
  };
  socket.onclose = () => {
    part("offline").textContent = "The workbench is not running. Waiting for it …";
    setTimeout(live, 500);
  };
}

// -- drawing -----------------------------------------------------------------------------------

function draw(state) {
  here.revision = state.revision;
  here.state = state;
  see(here.channel, state.channels.find((c) => c.id === here.channel)?.newest || "");
  const channels = Object.fromEntries(state.channels.map((c) => [c.id, c.name]));
  know({ members: state.members, groups: state.groups, channels, people: state.people });
  drawPeople(state);
  drawSidebar(state);
  drawTop(state);
  drawMessages(state);
  drawHome(state);
  showModal(here.user, state.modal, state.depth);
}

function drawPeople(state) {
  const named = (p) => `${p.real_name} — ${p.about}${p.note ? ` (${p.note})` : ""}`;
  replaceIfChanged(part("person"), state.people.map((p) =>
    el("option", { value: p.id, selected: p.id === here.user }, named(p))));
}

const mentioned = () => el("span", { class: "ping", title: "You were mentioned" },
  el("span", { "aria-hidden": "true" }, "@"), el("span", { class: "sr" }, " (mentions you)"));

// What a person has seen outlives a switch to somebody else and back: a ping waits for its person.
const memory = () => `seen:${here.user}`;
const recalled = () => { try { return JSON.parse(localStorage.getItem(memory())) || {}; } catch { return {}; } };
function see(channel, ts) {
  if (here.seen[channel] === ts) return;
  here.seen[channel] = ts;
  try { localStorage.setItem(memory(), JSON.stringify(here.seen)); } catch { /* a browser that keeps nothing */ }
}

function channelItem(channel) {
  const current = channel.id === here.channel;
  const news = !current && channel.newest > (here.seen[channel.id] ?? here.start[channel.id] ?? "");
  const pinged = !current && channel.pinged > (here.seen[channel.id] || "");
  const label = channel.direct ? channel.name : `# ${channel.name}`;
  return el("li", {}, el("button", {
    type: "button", class: news ? "news" : "", "aria-current": current ? "page" : undefined,
    onclick: () => go(channel.id, "messages"),
  }, label, news && el("span", { class: "sr" }, " (new)"), pinged && mentioned()));
}

function drawSidebar(state) {
  here.start ||= Object.fromEntries(state.channels.map((c) => [c.id, c.newest]));
  replaceIfChanged(part("channels"), state.channels.filter((c) => !c.direct).map(channelItem));
  replaceIfChanged(part("apps"), state.channels.filter((c) => c.direct).map(channelItem));
}

// Keeps focus and tests' handles: nodes that would look the same are left alone.
function replaceIfChanged(list, nodes) {
  const wanted = nodes.map((node) => node.outerHTML).join("");
  if (list.innerHTML !== wanted) list.replaceChildren(...nodes);
}

const current = (state) => state.channels.find((c) => c.id === here.channel) || state.channels[0];

function drawTop(state) {
  const channel = current(state);
  const name = channel.direct ? channel.name : `#${channel.name}`;
  part("title").textContent = channel.archived ? `${name} (archived)` : name;
  part("text").setAttribute("aria-label", `Message ${name}`);
  part("text").placeholder = `Message ${name}, or try: ${state.command} search US local 415`;
  const tabs = part("tabs");
  tabs.hidden = !channel.direct;
  replaceIfChanged(tabs, ["home", "messages"].map((tab) => el("button", {
    type: "button", role: "tab", "aria-selected": String(here.tab === tab), onclick: () => go(here.channel, tab),
  }, tab === "home" ? "Home" : "Messages")));
  const home = channel.direct && here.tab === "home";
  part("messages").hidden = home;
  part("home").hidden = !home;
  part("composer").hidden = home || channel.archived;
}

// Replies stand under their parent; one that was sent to the channel as well stands there once more.
function inThreads(messages) {
  const there = new Set(messages.map((message) => message.ts));
  const isReply = (message) => message.thread_ts && there.has(message.thread_ts);
  return messages.flatMap((message) => {
    if (isReply(message)) return message.broadcast ? [[message, "broadcast"]] : [];
    const replies = messages.filter((other) => other.thread_ts === message.ts);
    return [[message, message.thread_ts ? "reply" : ""], ...replies.map((reply) => [reply, "reply"])];
  });
}

function entriesOf(ts) {
  if (!messageEntries.has(ts)) messageEntries.set(ts, {});
  return messageEntries.get(ts);
}

function drawMessages(state) {
  const list = part("messages");
  const scroll = part("scroll");
  const atBottom = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  const known = new Map([...list.children].map((node) => [`${node.dataset.key}`, node]));
  const wanted = inThreads(state.messages).map(([message, within]) => {
    const key = `${message.ts}:${message.rev}:${within}`;
    const node = known.get(key) || drawMessage(message, messagePlace(here.user, message, entriesOf(message.ts)), within);
    node.dataset.key = key;
    return node;
  });
  if (!wanted.length) wanted.push(el("li", { class: "empty", "data-key": `empty:${here.channel}` }, "Nothing was written here yet."));
  if (wanted.map((n) => n.dataset.key).join() !== [...known.keys()].join()) place(list, wanted);
  if (atBottom) scroll.scrollTop = scroll.scrollHeight;
}

// Put the nodes in order without taking out those that stay: the focus is kept.
function place(list, wanted) {
  const keep = new Set(wanted);
  for (const node of [...list.children]) if (!keep.has(node)) node.remove();
  wanted.forEach((node, at) => { if (list.children[at] !== node) list.insertBefore(node, list.children[at] || null); });
}

function drawHome(state) {
  const home = part("home");
  if (home.dataset.hash === (state.home?.hash || "none")) return;
  home.dataset.hash = state.home?.hash || "none";
  const focus = focusIn(home);
  const empty = [el("p", { class: "empty" }, "The app has not put anything here yet.")];
  home.replaceChildren(...(state.home
    ? drawBlocks(state.home.blocks, viewPlace(here.user, state.home, enteredIn(state.home.id)))
    : empty));
  focusAgain(home, focus);
}

// -- doing -------------------------------------------------------------------------------------

async function go(channel, tab) {
  here.channel = channel;
  here.tab = tab;
  address();
  await refresh();
  const direct = current(here.state).direct;
  if (direct) post("/ui/open_app", { user: here.user, tab });
  if (!direct || tab === "messages") part("text").focus();
}

async function send(event) {
  event.preventDefault();
  const box = part("text");
  const text = box.value.trim();
  if (!text) return;
  box.value = "";
  const told = await post("/ui/say", { user: here.user, channel: here.channel, text });
  // a failed command shows its own line; here only what never reached the workbench
  if (told.error && told.status === undefined) { notice(`Not sent: ${told.error}`); box.value = text; }
}

part("composer").addEventListener("submit", send);
part("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    part("composer").requestSubmit();
  }
});
part("person").addEventListener("change", (event) => {
  location.assign(`/?${new URLSearchParams({ user: event.target.value })}`);
});

here.seen = recalled();
address();
await refresh();
live();
part("text").focus();
if (here.tab === "home") post("/ui/open_app", { user: here.user, tab: "home" });
