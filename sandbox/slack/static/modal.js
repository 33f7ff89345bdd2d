// The modal: one dialog that shows the view on top of the stack. What was entered survives an update.

import { drawBlocks } from "./blocks.js";
import { el, notice, post } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { viewPlace } from "./places.js";

const entered = new Map(); // view id -> {block_id: {action_id: state}}
let shown = { id: null, hash: null, depth: 0, dialog: null };

export const enteredIn = (viewId) => {
  if (!entered.has(viewId)) entered.set(viewId, {});
  return entered.get(viewId);
};

export function showModal(user, view, depth) {
  if (!view) { drop(); return; }
  if (view.id === shown.id && view.hash === shown.hash && depth === shown.depth) return;
  const focus = view.id === shown.id ? focusIn(shown.dialog) : null;
  drop();
  const dialog = draw(user, view, depth);
  document.body.append(dialog);
  dialog.showModal();
  shown = { id: view.id, hash: view.hash, depth, dialog };
  focusFirst(dialog, focus);
}

function drop() {
  shown.dialog?.close();
  shown.dialog?.remove();
  shown = { id: null, hash: null, depth: 0, dialog: null };
}

// Which element of which block has the focus, and what is marked in it: for the same one after a redraw.
export function focusIn(area) {
  const active = area?.contains(document.activeElement) && document.activeElement;
  const block = active && active.closest("[data-block]");
  if (!block) return null;
  return { block: block.dataset.block, action: active.dataset.action, start: active.selectionStart, end: active.selectionEnd };
}

export function focusAgain(area, kept) {
  const block = kept && area.querySelector(`[data-block="${CSS.escape(kept.block)}"]`);
  const same = kept?.action && block?.querySelector(`[data-action="${CSS.escape(kept.action)}"]:is(input, textarea, select, button)`);
  const field = same || block?.querySelector("input, textarea, select, button");
  if (!field) return false;
  field.focus();
  if (kept.start !== null && kept.start !== undefined) try { field.setSelectionRange(kept.start, kept.end); } catch { /* not a text field */ }
  return true;
}

function focusFirst(dialog, kept) {
  if (focusAgain(dialog, kept)) return;
  const field = dialog.querySelector(".modal-body :is(input:not([role=combobox]), textarea, select)") || dialog.querySelector(".modal-foot .primary");
  field?.focus();
}

function draw(user, view, depth) {
  const close = (everything) => post("/ui/close", { user, view_id: view.id, everything });
  const form = el("form", { class: "modal-form", novalidate: true, onsubmit: (event) => { event.preventDefault(); submit(user, view, form); } },
    el("header", { class: "modal-head" },
      depth > 1 && el("button", { type: "button", class: "icon", "aria-label": "Back", onclick: () => close(false) }, "←"),
      el("h2", { id: "modal-title" }, plain(view.title)),
      el("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => close(true) }, "×")),
    el("div", { class: "modal-notice notice", role: "alert", hidden: true }),
    el("div", { class: "modal-body" }, drawBlocks(view.blocks, viewPlace(user, view, enteredIn(view.id)))),
    el("footer", { class: "modal-foot" },
      el("button", { type: "button", class: "button", onclick: () => close(false) }, plain(view.close) || (view.submit ? "Cancel" : "Close this")),
      view.submit && el("button", { type: "submit", class: "button primary" }, plain(view.submit))));
  const dialog = el("dialog", { class: "modal", "aria-labelledby": "modal-title" }, form);
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(false); });
  return dialog;
}

async function submit(user, view, form) {
  const button = form.querySelector("button[type=submit]");
  if (!button || button.disabled) return;
  button.disabled = true;
  complain(form, {});
  const told = await post("/ui/submit", { user, view_id: view.id, entered: enteredIn(view.id) });
  button.disabled = false;
  if (told.errors) complain(form, told.errors);
  else if (told.trouble) notice(told.why ? `${told.trouble} (${told.why})` : told.trouble);
  else if (told.error) notice(`That did not work: ${told.error}`);
}

function complain(form, errors) {
  let first = null;
  for (const block of form.querySelectorAll("[data-block]")) {
    const place = block.querySelector(".error");
    if (!place) continue;
    const what = errors[block.dataset.block];
    const field = block.querySelector("input, textarea, select");
    place.textContent = what || "";
    place.hidden = !what;
    if (what) field?.setAttribute("aria-invalid", "true"); else field?.removeAttribute("aria-invalid");
    if (what && !first) first = field;
  }
  first?.focus();
}
