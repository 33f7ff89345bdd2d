// external_select and users_select: a text field with a list that is asked for. Follows the ARIA combobox pattern.

import { el, freshId } from "./dom.js";
import { plain } from "./mrkdwn.js";

const PAUSE = 200; // milliseconds after the last key

export function combobox({ id, name, described, placeholder, chosen, least, action, ask, choose }) {
  const listId = freshId("list");
  const list = el("ul", { id: listId, role: "listbox", class: "listbox", "aria-label": name, hidden: true });
  const input = el("input", {
    id, type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list",
    "aria-label": id ? undefined : name, "aria-describedby": described, placeholder, autocomplete: "off",
    "data-action": action,
  });
  const state = { options: [], active: -1, asked: 0, chosen: chosen || null, timer: null };
  input.value = chosen ? plain(chosen.text) : "";
  const box = el("div", { class: "combobox" }, input, list);

  const open = (shown) => {
    list.hidden = !shown;
    input.setAttribute("aria-expanded", String(shown));
    if (!shown) { input.removeAttribute("aria-activedescendant"); state.active = -1; }
  };
  const pick = async (option) => {
    const before = state.chosen;
    state.chosen = option;
    state.asked += 1; // an answer that is still on its way must not open the list again
    input.value = option ? plain(option.text) : "";
    open(false);
    if (await choose(option, input) !== false) return;
    state.chosen = before;
    input.value = before ? plain(before.text) : "";
  };
  const mark = (place) => {
    state.active = place;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === place)));
    const item = list.children[place];
    if (!item) return;
    input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  };
  const fill = (options, problem) => {
    state.options = options;
    const items = options.map((option) => el("li", {
      role: "option", id: freshId("option"), "aria-selected": "false",
      onmousedown: (event) => { event.preventDefault(); pick(option); },
    }, plain(option.text), option.description && el("small", {}, ` ${plain(option.description)}`)));
    const none = problem ? `The app gave no options (${problem}).` : "No results";
    list.replaceChildren(...(items.length ? items : [el("li", { class: "none" }, none)]));
    open(true);
  };
  const search = async () => {
    if (input.value.length < least) { open(false); return; }
    const mine = ++state.asked;
    const answer = await ask(input.value);
    // an answer to what was typed before the last key comes too late
    if (mine === state.asked && document.activeElement === input) fill(answer.options || [], answer.error);
  };
  const later = (pause) => { clearTimeout(state.timer); state.timer = setTimeout(search, pause); };

  input.addEventListener("input", () => {
    if (state.chosen) { state.chosen = null; choose(null, input); }
    later(PAUSE);
  });
  input.addEventListener("focus", () => { if (!state.chosen) later(0); });
  input.addEventListener("click", () => { if (list.hidden && !state.chosen) later(0); });
  input.addEventListener("blur", () => {
    state.asked += 1;
    open(false);
    input.value = state.chosen ? plain(state.chosen.text) : "";
  });
  input.addEventListener("keydown", (event) => {
    const last = state.options.length - 1;
    if (event.key === "ArrowDown" && list.hidden) { later(0); event.preventDefault(); }
    else if (event.key === "ArrowDown") { mark(Math.min(state.active + 1, last)); event.preventDefault(); }
    else if (event.key === "ArrowUp") { mark(Math.max(state.active - 1, 0)); event.preventDefault(); }
    else if (event.key === "Enter" && !list.hidden) {
      if (state.options[state.active]) pick(state.options[state.active]);
      event.preventDefault();
    } else if (event.key === "Escape" && !list.hidden) { open(false); event.preventDefault(); event.stopPropagation(); }
  });
  return box;
}
