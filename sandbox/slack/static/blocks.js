// Blocks to DOM nodes. A "place" says where they stand and what to do when somebody acts:
// {press(block, element, chosen), ask(block, element, typed), remember(block, element, state), entered(block, element)}.

import { el } from "./dom.js";
import { mrkdwn, text } from "./mrkdwn.js";
import { element, inputBlock } from "./elements.js";

const DRAW = {
  section: (block, place) =>
    el("div", { class: "section" },
      el("div", { class: "section-body" },
        block.text && el("div", { class: "text" }, text(block.text)),
        block.fields && el("div", { class: "fields" }, block.fields.map((f) => el("div", { class: "text" }, text(f))))),
      block.accessory && el("div", { class: "accessory" }, element(block, block.accessory, place))),
  actions: (block, place) =>
    el("div", { class: "actions" }, block.elements.map((each) => element(block, each, place))),
  context: (block) =>
    el("div", { class: "context" }, block.elements.map((each) => el("span", { class: "text" }, text(each)))),
  divider: () => el("hr"),
  header: (block) => el("h3", {}, text(block.text)),
  input: (block, place) => inputBlock(block, place),
  image: (block) => el("p", { class: "context" }, `[image: ${block.alt_text}]`),
};

export function drawBlocks(blocks, place) {
  return blocks.map((block) => {
    const draw = DRAW[block.type] || ((unknown) => el("p", {}, `[${unknown.type}]`));
    const node = draw(block, place);
    node.dataset.block = block.block_id;
    return node;
  });
}

// `within` is "reply" in a thread, "broadcast" for a reply that is shown in the channel too, else "".
export function drawMessage(message, place, within) {
  const time = new Date(Number(message.ts) * 1000);
  const body = message.blocks.length
    ? drawBlocks(message.blocks, place)
    : [el("div", { class: "text" }, mrkdwn(message.text))];
  return el("li", {
    class: `message${message.ephemeral ? " ephemeral" : ""}${within === "reply" ? " reply" : ""}`,
    "data-ts": message.ts,
  },
    el("span", { class: `avatar tint-${tint(message.user)}`, "aria-hidden": "true" }, message.name[0]),
    el("div", { class: "body" },
      message.ephemeral && el("p", { class: "only-you" }, "Only visible to you"),
      within === "broadcast" && el("p", { class: "only-you" }, "Replied to a thread"),
      el("p", { class: "byline" },
        el("strong", {}, message.name),
        message.bot && el("span", { class: "badge" }, "APP"),
        el("time", { datetime: time.toISOString(), title: time.toLocaleString() }, clock(time)),
        message.edited && el("span", { class: "edited" }, "(edited)")),
      body));
}

function tint(user) {
  return [...user].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 5;
}

function clock(time) {
  return new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" }).format(time);
}
