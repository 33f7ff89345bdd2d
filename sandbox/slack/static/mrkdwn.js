// Slack's mark-up to DOM nodes: bold, italic, strike, code, links, mentions, groups, channels, dates, emoji.

import { el } from "./dom.js";

const EMOJI = {
  warning: "⚠️", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", no_entry: "⛔", no_entry_sign: "🚫",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", bell: "🔔", eyes: "👀", lock: "🔒", key: "🔑", tada: "🎉",
  telephone_receiver: "📞", phone: "☎️", mag: "🔍", memo: "📝", moneybag: "💰", information_source: "ℹ️",
  question: "❓", exclamation: "❗", rotating_light: "🚨", arrow_right: "➡️", arrow_left: "⬅️", clock3: "🕒",
  recycle: "♻️", shield: "🛡️", sos: "🆘", wave: "👋", bulb: "💡", globe_with_meridians: "🌐", octagonal_sign: "🛑",
  arrows_counterclockwise: "🔄", grey_question: "❔", page_facing_up: "📄", raised_hand: "✋", clock1: "🕐", calendar: "📅",
};

let names = { members: {}, groups: {}, channels: {}, people: [] };
export function know(people) { names = people; }

// Who can be chosen in a users_select, by any part of their names.
export function peopleNamed(typed) {
  const part = typed.trim().toLowerCase().replace(/^@/, "");
  return names.people.filter((p) => !p.deleted && `${p.real_name} ${p.name}`.toLowerCase().includes(part));
}
export const personOf = (id) => names.people.find((p) => p.id === id);

const unescape = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

const INLINE = new RegExp(
  [
    "```([\\s\\S]+?)```",
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    "(?<![\\w*])\\*(?=\\S)([^*\\n]*[^*\\s])\\*(?![\\w*])",
    "(?<![\\w_])_(?=\\S)([^_\\n]*[^_\\s])_(?![\\w_])",
    "(?<![\\w~])~(?=\\S)([^~\\n]*[^~\\s])~(?![\\w~])",
    ":([a-z0-9_+-]+):",
  ].join("|"),
  "g",
);

export function mrkdwn(text) {
  const lines = text.split("\n");
  const nodes = [];
  let quote = [];
  let plain = [];
  const flushPlain = () => { if (plain.length) nodes.push(...inline(plain.join("\n"))); plain = []; };
  const flushQuote = () => {
    if (quote.length) nodes.push(el("blockquote", {}, inline(quote.join("\n"))));
    quote = [];
  };
  let fenced = false;
  for (const line of lines) {
    const quoted = !fenced && /^(&gt;|>)\s?/.exec(line);
    if ((line.split("```").length - 1) % 2) fenced = !fenced;
    if (quoted) { flushPlain(); quote.push(line.slice(quoted[0].length)); }
    else { flushQuote(); plain.push(line); }
  }
  flushQuote();
  flushPlain();
  return nodes;
}

function inline(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > at) nodes.push(unescape(text.slice(at, found.index)));
    nodes.push(token(found));
    at = found.index + found[0].length;
  }
  if (at < text.length) nodes.push(unescape(text.slice(at)));
  return nodes;
}

function token([whole, fence, code, angle, bold, italic, strike, emoji]) {
  if (fence !== undefined) return el("pre", {}, unescape(fence.replace(/^\n|\n$/g, "")));
  if (code !== undefined) return el("code", {}, unescape(code));
  if (angle !== undefined) return reference(angle);
  if (bold !== undefined) return el("strong", {}, inline(bold));
  if (italic !== undefined) return el("em", {}, inline(italic));
  if (strike !== undefined) return el("del", {}, inline(strike));
  return EMOJI[emoji] || whole;
}

function reference(inside) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : inside.slice(bar + 1);
  const mention = (text) => el("span", { class: "mention" }, text);
  if (target.startsWith("@")) return mention(`@${names.members[target.slice(1)] || label || target.slice(1)}`);
  if (target.startsWith("#")) return mention(`#${names.channels[target.slice(1)] || label || target.slice(1)}`);
  if (target.startsWith("!subteam^")) {
    const id = target.slice(9);
    return mention(`@${names.groups[id] || label || id}`);
  }
  if (target.startsWith("!date^")) return date(target.split("^"), label);
  if (target.startsWith("!")) return mention(`@${target.slice(1)}`);
  if (/^(https?:|mailto:)/.test(target)) {
    return el("a", { href: unescape(target), target: "_blank", rel: "noopener noreferrer" }, unescape(label || target));
  }
  return unescape(`<${inside}>`);
}

const FORMATS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
};

function date([, stamp, format = ""], fallback) {
  const moment = new Date(Number(stamp) * 1000);
  if (Number.isNaN(moment.getTime())) return unescape(fallback);
  const text = format.replace(/\{(\w+)\}/g, (whole, name) => dated(moment, name) ?? whole);
  return el("time", { datetime: moment.toISOString(), title: unescape(fallback) }, text);
}

function dated(moment, name) {
  const base = name.replace(/_pretty$/, "");
  if (!FORMATS[base]) return undefined;
  const days = Math.round((startOfDay(moment) - startOfDay(new Date())) / 86400000);
  if (name.endsWith("_pretty") && Math.abs(days) <= 1) return ["yesterday", "today", "tomorrow"][days + 1];
  return new Intl.DateTimeFormat(undefined, FORMATS[base]).format(moment);
}

function startOfDay(moment) {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}

// A text object of Block Kit.
export function text(object) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  return [plain(object)];
}

export function plain(object) {
  return (object?.text || "").replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] || whole);
}
