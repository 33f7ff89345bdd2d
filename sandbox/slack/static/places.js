// Where blocks stand: what a press, a question for options, or an entry means there.

import { notice, post } from "./dom.js";

function place(source, entered) {
  const of = (block, element) => ({ ...source, block_id: block.block_id, action_id: element.action_id });
  const remember = (block, element, state) => {
    (entered[block.block_id] ||= {})[element.action_id] = state;
  };
  return {
    remember,
    entered: (block, element) => entered[block.block_id]?.[element.action_id],
    ask: (block, element, typed) => post("/ui/options", { ...of(block, element), value: typed }),
    press: async (block, element, chosen, node) => {
      if (element.type !== "button" && element.type !== "overflow") remember(block, element, chosen);
      node.setAttribute("aria-busy", "true");
      const told = await post("/ui/press", { ...of(block, element), chosen, entered });
      node.removeAttribute("aria-busy");
      if (told.error) notice(`That did not work: ${told.error}`);
    },
  };
}

export const messagePlace = (user, message, entered) => place({ user, channel: message.channel, ts: message.ts }, entered);
export const viewPlace = (user, view, entered) => place({ user, view_id: view.id }, entered);
