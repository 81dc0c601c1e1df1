// The browser phone: two apps of one person, side by side or one at a time.

import { App } from "./app.js";
import { ask, Refusal, remember, remembered } from "./server.js";
import { language, speak, switchTo } from "./words.js";

const POLL = 4000; // milliseconds between two looks for news
const SLOWEST = 30000;

switchTo(remembered("words", "km") === "en" ? "en" : "km");
const again = () => patiently(anew);
const apps = [new App("telegram", false, again), new App("sms", true, again)];
speak();

/** Another person, who never wrote to us. */
async function anew() {
  await ask("new", {});
  remember("phone", true);
  for (const app of apps) {
    remember(app.name, null);
    await app.open();
  }
}

async function open() {
  try {
    // The cookie is not ours to read; a first visit is known by what is not remembered.
    if (!remembered("phone", false)) throw new Refusal("no_phone");
    await Promise.all(apps.map((app) => app.open()));
  } catch (refusal) {
    if (refusal.code !== "no_phone") throw refusal;
    await anew();
  }
}

/** Do what may fail, once at a time; then say so in both apps, and offer to do it again. */
async function patiently(work) {
  const button = document.getElementById("new");
  button.disabled = true;
  try {
    await work();
  } catch (refusal) {
    for (const app of apps) {
      app.log.replaceChildren();
      app.failed(refusal.code, () => patiently(work));
    }
  } finally {
    button.disabled = false;
  }
}

let pause = POLL;
let next = 0;

async function look() {
  clearTimeout(next);
  if (document.visibilityState === "visible") {
    try {
      for (const app of apps) if (!app.busy) await app.look();
      pause = POLL;
    } catch {
      pause = Math.min(pause * 2, SLOWEST);
    }
  }
  clearTimeout(next);
  next = setTimeout(look, pause);
}

function choose(app) {
  for (const { section, tab } of apps) {
    const open = section === app.section;
    section.classList.toggle("open", open);
    tab.setAttribute("aria-selected", String(open));
    tab.tabIndex = open ? 0 : -1;
  }
  app.read();
}

for (const app of apps) {
  app.tab.addEventListener("click", () => choose(app));
  app.tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = apps.find((one) => one !== app);
    choose(other);
    other.tab.focus();
  });
}
document.getElementById("words").addEventListener("click", () => switchTo(language === "km" ? "en" : "km"));
document.getElementById("new").addEventListener("click", () => apps.some((app) => app.sending) || again());
document.addEventListener("visibilitychange", look);
window.addEventListener("online", look);
choose(apps[0]);
await patiently(open);
next = setTimeout(look, pause);
