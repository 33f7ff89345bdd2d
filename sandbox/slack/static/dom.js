// Small helpers. Everything that comes from people or from the app becomes text nodes, never HTML.

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// Posts never throw: a refusal comes back as {error}.
export async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return await answer.json();
  } catch (problem) {
    return { error: String(problem.message || problem) };
  }
}

let notices = 0;

// Say something that went wrong, for ten seconds.
export function notice(text) {
  const place = document.querySelector("dialog[open] .modal-notice") || document.getElementById("notice");
  const mine = ++notices;
  place.textContent = text;
  place.hidden = !text;
  setTimeout(() => { if (mine === notices) { place.hidden = true; place.textContent = ""; } }, 10000);
}

let count = 0;
export const freshId = (prefix) => `${prefix}-${++count}`;
