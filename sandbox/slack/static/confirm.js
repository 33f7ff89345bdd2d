// The confirm object: a small dialog before an action is sent.

import { el } from "./dom.js";
import { plain, text } from "./mrkdwn.js";

export function confirmed(given) {
  return new Promise((resolve) => {
    const answer = (yes) => { dialog.close(); dialog.remove(); resolve(yes); };
    const style = given.style === "danger" ? "danger" : "primary";
    const dialog = el("dialog", { class: "confirm", "aria-labelledby": "confirm-title", role: "alertdialog", "aria-describedby": "confirm-text" },
      el("h2", { id: "confirm-title" }, plain(given.title)),
      el("div", { id: "confirm-text", class: "text" }, text(given.text)),
      el("div", { class: "modal-foot" },
        el("button", { type: "button", class: "button", onclick: () => answer(false) }, plain(given.deny) || "Cancel"),
        el("button", { type: "button", class: `button ${style}`, onclick: () => answer(true) }, plain(given.confirm) || "Yes")));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); answer(false); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
