// The page works without this script; with it, it has a search, a choice of colours, a menu on small screens, and
// buttons that copy code.
"use strict";

const root = document.body.dataset.root;
const byId = (id) => document.getElementById(id);

// --- colours

const themes = ["system", "light", "dark"];
const themeNames = { system: "Colours: as the system", light: "Colours: light", dark: "Colours: dark" };

function setTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme-name").textContent = themeNames[theme];
  byId("theme").title = themeNames[theme];
  try {
    if (theme === "system") localStorage.removeItem("tenon-theme");
    else localStorage.setItem("tenon-theme", theme);
  } catch {
    // The choice holds for this page.
  }
}

byId("theme").addEventListener("click", () => {
  const now = document.documentElement.dataset.theme ?? "system";
  setTheme(themes[(themes.indexOf(now) + 1) % themes.length]);
});
setTheme(document.documentElement.dataset.theme ?? "system");

// --- the menu of small screens

const menu = byId("menu");
if (menu) {
  const sidebar = byId("sidebar");
  const show = (open) => {
    menu.setAttribute("aria-expanded", String(open));
    sidebar.classList.toggle("open", open);
  };
  menu.addEventListener("click", () => {
    const open = menu.getAttribute("aria-expanded") !== "true";
    show(open);
    if (open) sidebar.querySelector("[aria-current], a")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.getAttribute("aria-expanded") === "true") {
      show(false);
      menu.focus();
    }
  });
  sidebar.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}

// --- where on the page one is

const contents = document.querySelectorAll(".contents a");
if (contents.length > 0 && "IntersectionObserver" in globalThis) {
  const links = new Map([...contents].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const headings = [...links.keys()].map(byId).filter(Boolean);
  const mark = () => {
    const passed = headings.filter((heading) => heading.getBoundingClientRect().top < 120);
    const here = passed.at(-1) ?? headings[0];
    for (const link of contents) link.removeAttribute("aria-current");
    links.get(here.id)?.setAttribute("aria-current", "location");
  };
  const observer = new IntersectionObserver(mark, { rootMargin: "-60px 0px -60% 0px" });
  for (const heading of headings) observer.observe(heading);
  mark();
}

// --- what scrolls sideways can be reached by the keyboard

const reachable = () => {
  for (const box of document.querySelectorAll("pre, .table")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
reachable();
addEventListener("resize", reachable);
for (const details of document.querySelectorAll("details")) details.addEventListener("toggle", reachable);

// --- copying

if (navigator.clipboard) {
  for (const figure of document.querySelectorAll("figure.program, figure.commands, figure.text, figure.holds")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const texts = [...figure.querySelectorAll(":scope > pre > code")].map((code) => code.textContent);
      try {
        await navigator.clipboard.writeText(texts.join("\n"));
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    figure.append(button);
  }
}

// --- search

const dialog = byId("search");
const input = byId("search-input");
const results = byId("search-results");
const status = byId("search-status");
const most = 12;
let entries = null;
let chosen = -1;

/** Loads the index when it is needed first. A script rather than a request: it works from the disk too. */
function load() {
  if (entries) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${root}search-index.js`;
    script.onload = () => {
      entries = globalThis.tenonSearchIndex.map((entry) => ({
        ...entry,
        lowTitle: entry.title.toLowerCase(),
        lowHeading: entry.heading.toLowerCase(),
        lowText: entry.text.toLowerCase(),
      }));
      resolve();
    };
    script.onerror = () => reject(new Error("the index cannot be loaded"));
    document.head.append(script);
  });
}

/** How well one word fits: names before titles, beginnings of words before middles, text last; 0 for not at all. */
function fit(entry, word) {
  let score = 0;
  for (const [text, weight] of [[entry.lowHeading, 12], [entry.lowTitle, 9], [entry.lowText, 2]]) {
    const at = text.indexOf(word);
    if (at < 0) continue;
    const begins = at === 0 || !/[\p{L}\p{N}_]/u.test(text[at - 1]);
    const after = text[at + word.length];
    const ends = after === undefined || !/[\p{L}\p{N}_]/u.test(after);
    score += weight * (begins ? (ends ? 3 : 2) : 1);
  }
  return score;
}

function find(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found = [];
  for (const entry of entries) {
    let score = entry.heading === "" ? 1 : 0;
    for (const word of words) {
      const one = fit(entry, word);
      if (one === 0) { score = 0; break; }
      score += one;
    }
    if (score > 1 || (score === 1 && words.every((word) => fit(entry, word) > 0))) found.push({ entry, score });
  }
  found.sort((a, b) => b.score - a.score);
  return found.map(({ entry }) => entry);
}

/** Appends text with the words marked. */
function marked(element, text, words) {
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(${escaped.join("|")})`, "giu");
  text.split(pattern).forEach((part, index) => {
    if (index % 2 === 0) element.append(part);
    else element.append(Object.assign(document.createElement("mark"), { textContent: part }));
  });
}

/** The piece of an entry's text around the first word. */
function excerpt(entry, words) {
  const at = Math.max(0, Math.min(...words.map((word) => entry.lowText.indexOf(word)).filter((n) => n >= 0), entry.text.length));
  const start = at === entry.text.length ? 0 : Math.max(0, entry.text.lastIndexOf(" ", Math.max(0, at - 40)) + 1);
  const piece = entry.text.slice(start, start + 140);
  return `${start > 0 ? "… " : ""}${piece}${start + 140 < entry.text.length ? " …" : ""}`;
}

function choose(index) {
  const items = results.children;
  items[chosen]?.setAttribute("aria-selected", "false");
  chosen = items.length === 0 ? -1 : (index + items.length) % items.length;
  const item = items[chosen];
  item?.setAttribute("aria-selected", "true");
  item?.scrollIntoView({ block: "nearest" });
  if (item) input.setAttribute("aria-activedescendant", item.id);
  else input.removeAttribute("aria-activedescendant");
}

function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries ? find(input.value) : [];
  results.replaceChildren(...found.slice(0, most).map((entry, index) => {
    const item = document.createElement("li");
    item.id = `result-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const link = document.createElement("a");
    link.href = root + entry.url;
    link.tabIndex = -1;
    const where = Object.assign(document.createElement("span"), { className: "where", textContent: entry.section });
    const title = Object.assign(document.createElement("span"), { className: "title" });
    marked(title, entry.heading || entry.title, words);
    if (entry.heading) where.textContent += ` › ${entry.title}`;
    const text = Object.assign(document.createElement("span"), { className: "excerpt" });
    marked(text, excerpt(entry, words), words);
    link.append(where, title, text);
    item.append(link);
    return item;
  }));
  chosen = -1;
  input.setAttribute("aria-expanded", String(found.length > 0));
  choose(0);
  if (words.length === 0) status.textContent = "";
  else if (found.length === 0) status.textContent = "Nothing found.";
  else if (found.length > most) status.textContent = `${most} of ${found.length} results`;
  else status.textContent = found.length === 1 ? "1 result" : `${found.length} results`;
}

async function open() {
  if (dialog.open) return;
  dialog.showModal();
  input.select();
  try {
    await load();
    show();
  } catch (error) {
    status.textContent = `Search does not work: ${error.message}.`;
  }
}

byId("search-open").addEventListener("click", open);
byId("search-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("#search-results a")) dialog.close();
});
input.addEventListener("input", show);
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen - 1);
  else if (event.key === "Enter") results.children[chosen]?.querySelector("a").click();
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if ((event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
    event.preventDefault();
    open();
  }
});
