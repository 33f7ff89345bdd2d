// Buttons, selects and inputs, with the label, the hint and the place for an error.

import { el, freshId } from "./dom.js";
import { combobox } from "./combobox.js";
import { confirmed } from "./confirm.js";
import { peopleNamed, personOf, plain, text } from "./mrkdwn.js";

// An element outside of an input block: acting on it tells the app at once. `act` says false if the person
// thought better of it: what was chosen is then taken back.
export function element(block, given, place) {
  const act = async (chosen, node) => {
    if (given.confirm && !(await confirmed(given.confirm))) return false;
    await place.press(block, given, chosen, node);
    return true;
  };
  const name = given.accessibility_label || plain(given.placeholder) || plain(given.text);
  return (DRAW[given.type] || unknown)(given, { act, name, block, place, state: place.entered(block, given) });
}

const unknown = (given) => el("span", {}, `[${given.type}]`);

function button(given, { act }) {
  const node = el("button", {
    type: "button",
    class: `button ${given.style || ""}`,
    "aria-label": given.accessibility_label,
    "data-action": given.action_id,
    onclick: () => {
      if (/^https?:/.test(given.url || "")) window.open(given.url, "_blank", "noopener");
      act({}, node);
    },
  }, plain(given.text));
  return node;
}

const allOptions = (given) => [...(given.options || []), ...(given.option_groups || []).flatMap((g) => g.options)];

function optionNodes(options, chosen) {
  return options.map((o) => el("option", { value: o.value, selected: chosen?.value === o.value }, plain(o.text)));
}

function select(given, { act, name, state, id, described }) {
  const chosen = state?.selected_option ?? (state ? null : given.initial_option);
  let before = chosen?.value || "";
  const change = async () => {
    const option = allOptions(given).find((o) => o.value === node.value) || null;
    if (/^https?:/.test(option?.url || "")) window.open(option.url, "_blank", "noopener");
    const done = await act({ selected_option: option }, node);
    // an overflow menu keeps nothing: the same option can be chosen again
    if (done === false || given.type === "overflow") node.value = before; else before = node.value;
  };
  const node = el("select", {
    id, "aria-label": id ? undefined : name, "aria-describedby": described, "data-action": given.action_id,
    onchange: change,
  },
    el("option", { value: "" }, plain(given.placeholder) || "Choose an option"),
    optionNodes(given.options || [], chosen),
    (given.option_groups || []).map((g) => el("optgroup", { label: plain(g.label) }, optionNodes(g.options, chosen))));
  return node;
}

function external(given, { act, name, block, place, state, id, described }) {
  const chosen = state?.selected_option ?? (state ? null : given.initial_option);
  return combobox({
    id, name, described, chosen,
    placeholder: plain(given.placeholder),
    least: given.min_query_length ?? 3,
    action: given.action_id,
    ask: (typed) => place.ask(block, given, typed),
    choose: (option, node) => act({ selected_option: option }, node),
  });
}

const userOption = (id) => {
  const person = personOf(id);
  const option = { value: id, text: { text: person?.real_name || id } };
  return person?.note ? { ...option, description: { text: person.note } } : option;
};

// A name that is taken out again leaves nobody chosen: Slack has null for that.
function users(given, { act, name, state, id, described }) {
  const chosen = state ? state.selected_user : given.initial_user;
  return combobox({
    id, name, described,
    chosen: chosen ? userOption(chosen) : null,
    placeholder: plain(given.placeholder) || "Select a person",
    least: 0,
    action: given.action_id,
    ask: async (typed) => ({ options: peopleNamed(typed).map((person) => userOption(person.id)) }),
    choose: (option, node) => act({ selected_user: option?.value ?? null }, node),
  });
}

function choices(given, { act, state, id }) {
  const many = given.type === "checkboxes";
  const start = many ? state?.selected_options ?? given.initial_options ?? [] : [state?.selected_option ?? given.initial_option];
  const group = freshId("choice");
  const node = el("div", { class: "choices", role: many ? "group" : "radiogroup", "aria-labelledby": id && `${id}-label`, "data-action": given.action_id });
  let before = start.filter(Boolean).map((o) => o.value);
  const boxes = () => [...node.querySelectorAll("input")];
  const collect = async () => {
    const picked = boxes().filter((box) => box.checked).map((box) => given.options.find((o) => o.value === box.value));
    const done = await act(many ? { selected_options: picked } : { selected_option: picked[0] || null }, node);
    if (done === false) for (const box of boxes()) box.checked = before.includes(box.value);
    else before = picked.map((o) => o.value);
  };
  for (const option of given.options) {
    const box = el("input", {
      type: many ? "checkbox" : "radio", name: group, value: option.value, onchange: collect,
      checked: start.some((each) => each?.value === option.value),
    });
    const about = option.description && el("small", {}, text(option.description));
    node.append(el("label", {}, box, el("span", { class: "text" }, text(option.text), about)));
  }
  return node;
}

function typed(type) {
  return (given, { act, state, id, described, name }) => {
    const start = state ? state.value ?? "" : given.initial_value ?? "";
    const attributes = {
      id, "aria-label": id ? undefined : name, "aria-describedby": described, "data-action": given.action_id,
      placeholder: plain(given.placeholder), maxlength: given.max_length, autocomplete: "off",
    };
    const node = given.multiline
      ? el("textarea", { ...attributes, rows: "3" })
      : el("input", { ...attributes, type, inputmode: type === "text" ? undefined : type });
    node.value = start;
    node.addEventListener("input", () => act({ value: node.value || null }, node, "typing"));
    node.addEventListener("change", () => act({ value: node.value || null }, node));
    return node;
  };
}

function datepicker(given, { act, state, id, name, described }) {
  const node = el("input", {
    type: "date", id, "aria-label": id ? undefined : name, "aria-describedby": described,
    onchange: () => act({ selected_date: node.value || null }, node), "data-action": given.action_id,
  });
  node.value = (state ? state.selected_date : given.initial_date) || "";
  return node;
}

const DRAW = {
  button,
  static_select: select,
  external_select: external,
  users_select: users,
  radio_buttons: choices,
  checkboxes: choices,
  overflow: (given, tools) => select({ ...given, placeholder: { type: "plain_text", text: "More" } }, { ...tools, name: "More" }),
  plain_text_input: typed("text"),
  email_text_input: typed("email"),
  url_text_input: typed("url"),
  number_input: typed("text"),
  datepicker,
};

// An input block: label, element, hint, error. What is entered is remembered until the form is sent.
export function inputBlock(block, place) {
  const given = block.element;
  const id = freshId("input");
  const act = async (chosen, node, how) => {
    place.remember(block, given, chosen);
    if (block.dispatch_action && how !== "typing") await place.press(block, given, chosen, node);
  };
  const described = [block.hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  const tools = { act, name: plain(block.label), block, place, state: place.entered(block, given), id, described };
  const field = (DRAW[given.type] || unknown)(given, tools);
  const isGroup = given.type === "checkboxes" || given.type === "radio_buttons";
  const optional = block.optional && el("span", { class: "optional" }, " (optional)");
  return el("div", { class: "input" },
    el(isGroup ? "span" : "label", { class: "label", for: isGroup ? undefined : id, id: `${id}-label` }, plain(block.label), optional),
    field,
    block.hint && el("p", { class: "hint", id: `${id}-hint` }, plain(block.hint)),
    el("p", { class: "error", id: `${id}-error`, hidden: true }));
}
