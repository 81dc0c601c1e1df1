// The browser phone: two apps of one person. Everything said is put in as text, never as HTML.

const WORDS = {
  km: {
    title: "ទូរសព្ទសាកល្បង",
    note: "គ្មានសារពិតត្រូវបានផ្ញើទេ ហើយមិនអស់ប្រាក់។",
    kept: "ពិន្ទុដែលដាក់នៅទីនេះ ត្រូវបានកត់ត្រាទុក។",
    fresh: "ទូរសព្ទថ្មី",
    freshHint: "ចាប់ផ្ដើមឡើងវិញ ដោយប្រើទូរសព្ទថ្មី",
    other: "English",
    apps: "កម្មវិធី",
    smart: "ទូរសព្ទឆ្លាតវៃ",
    basic: "ទូរសព្ទធម្មតា",
    answers: "ឆ្លើយតបភ្លាមៗ",
    typing: "កំពុងសរសេរ…",
    messages: "សារ",
    suggestions: "ពាក្យដែលអាចសរសេរ",
    write: "សរសេរសារ…",
    writeSms: "សរសេរ SMS…",
    send: "ផ្ញើ",
    start: "ចាប់ផ្ដើម",
    emptyTelegram: "សូមចុច «ចាប់ផ្ដើម» ដើម្បីដាក់ពិន្ទុសេវាសាធារណៈក្នុងឃុំរបស់អ្នក។",
    emptySms: "មិនទាន់មានសារទេ។ សូមផ្ញើពាក្យ «វាយតម្លៃ» ឬ RATE។",
    sendPhoto: "ផ្ញើរូបថតសាកល្បង",
    photo: "រូបថត",
    record: "ផ្ញើសារជាសំឡេង (សាកល្បង មិនថតពិតទេ)",
    recording: "សាកល្បង មិនថតពិតទេ",
    sendVoice: "ផ្ញើសារជាសំឡេង",
    voice: "សារជាសំឡេង {seconds} វិនាទី",
    cancel: "បោះបង់",
    keys: "គ្រាប់ចុច",
    erase: "លុបមួយតួ",
    price: "{encoding} · {units} · {count} SMS",
    counter: "{encoding} · {units}/{room} · {count} SMS",
    total: "ផ្ញើ {sent} · ទទួល {received} SMS",
    failed: "សារនេះផ្ញើមិនទាន់បានទេ។",
    offline: "គ្មានបណ្ដាញ សារនេះមិនទាន់បានផ្ញើទេ។",
    away: "ប្រព័ន្ធមិនទាន់ឆ្លើយតប។",
    too_long: "សារនេះវែងពេក។ សូមសរសេរឲ្យខ្លីជាងនេះ។",
    no_phone: "ទូរសព្ទនេះលែងប្រើបានហើយ។",
    again: "ព្យាយាមម្ដងទៀត",
  },
  en: {
    title: "Demonstration phone",
    note: "No real message is sent, and it costs nothing.",
    kept: "Scores given here are recorded.",
    fresh: "New phone",
    freshHint: "Begin again with a new phone",
    other: "ខ្មែរ",
    apps: "Apps",
    smart: "smartphone",
    basic: "basic phone",
    answers: "answers at once",
    typing: "is writing…",
    messages: "Messages",
    suggestions: "What you can write",
    write: "Write a message…",
    writeSms: "Write an SMS…",
    send: "Send",
    start: "Start",
    emptyTelegram: "Press “Start” to rate a public service of your commune.",
    emptySms: "No messages yet. Send the word RATE or វាយតម្លៃ.",
    sendPhoto: "Send a sample photo",
    photo: "Photo",
    record: "Send a voice message (a pretence, nothing is recorded)",
    recording: "a pretence, nothing is recorded",
    sendVoice: "Send the voice message",
    voice: "Voice message, {seconds} seconds",
    cancel: "Cancel",
    keys: "Keys",
    erase: "Erase one character",
    price: "{encoding} · {units} · {count} SMS",
    counter: "{encoding} · {units}/{room} · {count} SMS",
    total: "{sent} sent · {received} received",
    failed: "This message could not be sent yet.",
    offline: "No network: this message is not sent yet.",
    away: "The service does not answer at the moment.",
    too_long: "This message is too long. Please make it shorter.",
    no_phone: "This phone can’t be used any more.",
    again: "Try again",
  },
};
const POLL = 4000; // milliseconds between two looks for news
const SLOWEST = 30000;
const PATIENCE = 20000; // for an answer
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "⌫", "0", "✓"];

// -- What the page itself says -----------------------------------------------------------------------

let language = "km";

const khmerDigits = (text) => text.replace(/[0-9]/g, (digit) => String.fromCharCode(0x17e0 + Number(digit)));

function word(key, values = {}) {
  return WORDS[language][key].replace(/{(\w+)}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" && language === "km" ? khmerDigits(String(value)) : String(value);
  });
}

/** Fill in every element that names its words; `data-values` are those of its placeholders. */
function speak(within = document) {
  const all = (name) => within.querySelectorAll(`[data-${name}]`);
  for (const element of all("words")) {
    element.textContent = word(element.dataset.words, JSON.parse(element.dataset.values ?? "{}"));
    element.lang = language;
  }
  for (const element of all("label")) {
    element.setAttribute("aria-label", word(element.dataset.label, JSON.parse(element.dataset.values ?? "{}")));
  }
  for (const element of all("hint")) element.placeholder = word(element.dataset.hint);
  for (const element of all("title")) element.title = word(element.dataset.title);
}

function switchTo(code) {
  language = code;
  remember("words", code);
  document.documentElement.lang = code;
  document.title = `${word("title")} · Samleng`;
  speak();
  document.getElementById("words").lang = code === "km" ? "en" : "km";
}

/** An element that says words of the page. */
function saying(tag, className, key, values) {
  const element = made(tag, className);
  element.dataset.words = key;
  if (values) element.dataset.values = JSON.stringify(values);
  element.textContent = word(key, values);
  element.lang = language;
  return element;
}

function made(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Somebody's words, in the language they are written in. */
function written(tag, text, className = "") {
  const element = made(tag, className, text);
  element.lang = /[\u1780-\u17ff]/.test(text) ? "km" : "en";
  return element;
}

// -- What it remembers: only what this person said, since the server keeps no word of it -------------------

function remember(name, value) {
  try {
    localStorage.setItem(`samleng.${name}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing: the page works until it is closed.
  }
}

function remembered(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`samleng.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

// -- What an SMS costs: the same rule as flows/segments.py ---------------------------------------------

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const ESCAPED = new Set("\f^{}\\[~]|€");

export function measure(text) {
  const characters = [...text];
  const plain = characters.every((character) => BASIC.has(character) || ESCAPED.has(character));
  const widths = characters.map((character) => (plain ? (ESCAPED.has(character) ? 2 : 1) : character.length));
  const units = widths.reduce((sum, width) => sum + width, 0);
  const encoding = plain ? "GSM-7" : "UCS-2";
  const alone = plain ? 160 : 70;
  if (units <= alone) return { encoding, units, count: 1, room: alone };
  const joined = plain ? 153 : 67;
  let count = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > joined) {
      count += 1;
      used = 0;
    }
    used += width;
  }
  return { encoding, units, count, room: count * joined };
}

// -- One app -------------------------------------------------------------------------------------------

class Refusal extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** JSON from the server; a Refusal names what was wrong in a word that the page knows. */
async function ask(address, body) {
  let response;
  try {
    response = await fetch(`phone/${address}`, {
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
      ...(body && {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
  } catch {
    throw new Refusal(navigator.onLine ? "failed" : "offline");
  }
  if (response.status === 204) return {};
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(answer.error in WORDS.km ? answer.error : "failed");
  return answer;
}

/** An id for a message. (randomUUID is only there over HTTPS and on this machine.) */
function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
const sentAt = (row) => (row ? Number(BigInt(row) >> 20n) : Date.now()); // a row's number begins with its time

class App {
  constructor(name, priced) {
    this.name = name;
    this.priced = priced;
    this.section = document.getElementById(name);
    this.tab = document.getElementById(`tab-${name}`);
    this.log = this.section.querySelector(".log");
    this.form = this.section.querySelector("form");
    this.field = this.section.querySelector("textarea");
    this.unread = this.tab.querySelector(".unread");
    this.busy = false;
    this.clear();
    this.listen();
  }

  clear() {
    this.log.replaceChildren();
    this.shown = new Set(); // "row.part" of the messages on the screen
    this.seen = "0"; // up to which row the server was asked
    this.latest = null; // the row last shown
    this.memory = { said: [], taps: {} };
    this.totals = { sent: 0, received: 0 };
    this.typed();
    this.count(0, 0);
  }

  // -- What the person does --

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("input", () => this.typed());
    for (const button of this.section.querySelectorAll(".write button")) {
      // The field keeps the focus, and a telephone its keyboard.
      button.addEventListener("mousedown", (event) => event.preventDefault());
    }
    for (const chip of this.section.querySelectorAll("[data-says]")) {
      chip.addEventListener("click", () => this.say({ text: chip.dataset.says }));
    }
    this.voice();
    this.keys();
  }

  submit() {
    const text = this.field.value;
    if (this.busy || !text.trim()) return;
    this.field.value = "";
    this.typed();
    this.say({ text });
  }

  /** The field grows with what is in it; an SMS says what it will cost. */
  typed() {
    const text = this.field.value;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
    const record = this.section.querySelector("[data-does=record]");
    if (record) {
      record.hidden = Boolean(text.trim());
      this.form.querySelector("[type=submit]").hidden = !record.hidden;
    }
    if (this.priced) {
      const cost = measure(text);
      const line = this.form.querySelector(".cost");
      line.dataset.words = "counter";
      line.dataset.values = JSON.stringify(text ? cost : { ...cost, count: 0 });
      speak(this.form);
    }
  }

  voice() {
    const recording = this.section.querySelector(".recording");
    if (!recording) return;
    const on = (does, work) => this.section.querySelector(`[data-does=${does}]`).addEventListener("click", work);
    let begun = 0;
    let ticking = 0;
    const seconds = () => Math.max(1, Math.round((Date.now() - begun) / 1000));
    const tick = () => {
      recording.querySelector(".seconds").textContent = minutes(Math.floor((Date.now() - begun) / 1000));
    };
    const end = () => {
      clearInterval(ticking);
      recording.hidden = true;
      this.form.hidden = false;
      this.field.focus({ preventScroll: true });
    };
    on("record", () => {
      begun = Date.now();
      ticking = setInterval(tick, 250);
      tick();
      this.form.hidden = true;
      recording.hidden = false;
      recording.querySelector("[data-does=sendVoice]").focus();
    });
    on("drop", end);
    on("sendVoice", () => {
      if (this.busy) return;
      const voice = seconds();
      end();
      this.say({ voice });
    });
    on("photo", () => this.say({ photo: true }));
    recording.addEventListener("keydown", (event) => event.key === "Escape" && end());
  }

  keys() {
    const keys = this.section.querySelector(".keys");
    for (const key of keys ? KEYS : []) {
      const button = made("button", key === "✓" ? "call" : "", key);
      button.type = "button";
      if (/\d/.test(key)) {
        const small = made("span", "", khmerDigits(key));
        small.ariaHidden = "true";
        button.append(small);
      } else {
        button.dataset.label = key === "✓" ? "send" : "erase";
      }
      button.addEventListener("mousedown", (event) => event.preventDefault());
      button.addEventListener("click", () => this.pressed(key));
      keys.append(button);
    }
  }

  pressed(key) {
    if (key === "✓") {
      this.submit();
      return;
    }
    const { selectionStart: from, selectionEnd: to, value } = this.field;
    if (key === "⌫") {
      const before = [...value.slice(0, from)];
      const start = from === to ? before.slice(0, -1).join("").length : from;
      this.field.setRangeText("", start, to, "end");
    } else {
      this.field.setRangeText(key, from, to, "end");
    }
    this.typed();
  }

  // -- Saying it --

  say(what) {
    if (this.busy) return;
    const id = fresh();
    const own = this.own(what, Date.now());
    this.put(own);
    this.send({ id, ...what }, own);
  }

  tap(button, message, viaKeyboard) {
    if (this.busy) return;
    button.classList.add("pressed");
    this.send({ id: fresh(), tap: button.dataset.tap }, message, { button, viaKeyboard });
  }

  async send(body, message, tapped) {
    const after = this.latest;
    message.classList.remove("failed");
    this.section.querySelector(".note")?.remove();
    this.waits(true);
    let answer;
    try {
      answer = await ask(`${this.name}/messages`, body);
    } catch (refusal) {
      this.waits(false);
      this.failed(refusal.code, message, () => this.send(body, message, tapped));
      return;
    }
    this.waits(false);
    if (tapped) {
      this.settle(message, body.tap, tapped.button.textContent, answer.stale);
    } else {
      const { id, ...what } = body;
      this.memory.said.push({ ...what, at: Date.now(), reply: answer.number, after });
      this.keep();
      if (this.priced) this.count(measure(body.text).count, 0);
    }
    this.receive(answer.messages);
    if (tapped?.viaKeyboard) (this.log.querySelector(".message:last-child .keyboard button") ?? this.field).focus();
  }

  /** A tapped message keeps its question and the answer that counted, and has no buttons any more. */
  settle(message, data, label, stale) {
    message.querySelector(".keyboard").remove();
    message.classList.remove("has-keys");
    const away = /(^|:)nav=/.test(data);
    const chosen = stale || away ? "" : label;
    if (chosen) message.querySelector(".bubble").append(written("p", `➜ ${chosen}`, "chosen"));
    this.memory.taps[message.dataset.id] = chosen;
    this.keep();
  }

  failed(code, message, again) {
    message.classList.add("failed");
    for (const button of message.querySelectorAll(".pressed")) button.classList.remove("pressed");
    const error = made("p", "error");
    error.role = "alert";
    error.append(saying("span", "", code), " ");
    const retry = saying("button", "", code === "no_phone" ? "fresh" : "again");
    retry.type = "button";
    retry.addEventListener("click", () => {
      if (this.busy) return;
      error.remove();
      if (code === "no_phone") anew();
      else again();
    });
    if (code !== "too_long") error.append(retry);
    this.put(error);
  }

  waits(busy) {
    this.busy = busy;
    this.section.classList.toggle("waiting", busy);
    for (const button of this.section.querySelectorAll(".write button, .chips button, .keyboard button, .keys .call")) {
      button.disabled = busy;
    }
    clearTimeout(this.slow);
    this.log.querySelector(".typing")?.remove();
    this.state("answers");
    if (!busy) return;
    // An answer usually comes before an eye sees that one waits.
    this.slow = setTimeout(() => {
      const dots = made("div", "message theirs bubble typing");
      dots.ariaHidden = "true";
      dots.append(made("i"), made("i"), made("i"));
      this.put(dots);
      this.state("typing");
    }, 150);
  }

  state(key) {
    const state = this.section.querySelector(".state");
    if (!state) return;
    state.dataset.words = key;
    state.textContent = word(key);
  }

  // -- What arrives --

  /** Show messages that are not on the screen yet; how many there were. */
  receive(messages) {
    let news = 0;
    for (const message of messages) {
      const id = `${message.row ?? fresh()}.${message.part}`;
      if (this.shown.has(id)) continue;
      this.shown.add(id);
      if (message.row) this.latest = message.row;
      this.section.querySelector(".note")?.remove();
      this.put(this.theirs(message, id));
      if (this.priced) this.count(0, message.segments);
      news += 1;
    }
    return news;
  }

  theirs(message, id) {
    const element = made("div", "message theirs");
    element.dataset.id = id;
    const bubble = made("div", "bubble");
    bubble.append(written("p", message.text));
    bubble.firstChild.append(this.time(sentAt(message.row)));
    element.append(bubble);
    const tapped = this.memory.taps[id];
    if (tapped) bubble.append(written("p", `➜ ${tapped}`, "chosen"));
    if (message.keyboard?.length && tapped === undefined) element.append(this.keyboard(message.keyboard, element));
    if (this.priced) element.append(this.price(message.encoding, message.units, message.segments));
    return element;
  }

  keyboard(rows, message) {
    const keyboard = made("div", "keyboard");
    for (const row of rows) {
      const line = made("div");
      for (const { label, data } of row) {
        const button = written("button", label);
        button.type = "button";
        button.dataset.tap = data;
        button.disabled = this.busy;
        button.addEventListener("click", (event) => this.tap(button, message, event.detail === 0));
        line.append(button);
      }
      keyboard.append(line);
    }
    message.classList.add("has-keys");
    return keyboard;
  }

  own(what, at) {
    const element = made("div", "message mine");
    const bubble = made("div", "bubble");
    if (what.text === undefined) {
      const kind = what.photo ? "photo" : "voice";
      const picture = made("span");
      picture.role = "img";
      picture.dataset.label = kind;
      picture.dataset.values = JSON.stringify({ seconds: what.voice });
      picture.append(document.getElementById(kind).content.cloneNode(true));
      bubble.append(picture, what.voice ? ` ${minutes(what.voice)}` : "", this.time(at));
      element.classList.add(`has-${kind}`);
    } else {
      bubble.append(written("p", what.text));
      bubble.firstChild.append(this.time(at));
    }
    element.append(bubble);
    speak(element);
    if (this.priced) {
      const cost = measure(what.text);
      element.append(this.price(cost.encoding, cost.units, cost.count));
    }
    return element;
  }

  time(at) {
    const when = new Date(at);
    const time = made("time", "time", when.toTimeString().slice(0, 5));
    time.dateTime = when.toISOString();
    return time;
  }

  price(encoding, units, count) {
    return saying("small", "price", "price", { encoding, units, count });
  }

  count(sent, received) {
    this.totals.sent += sent;
    this.totals.received += received;
    const total = this.section.querySelector(".total");
    if (!total) return;
    total.dataset.words = "total";
    total.dataset.values = JSON.stringify(this.totals);
    total.textContent = word("total", this.totals);
  }

  /** At the end, and in sight: a long one from its beginning. */
  put(element) {
    const typing = this.log.querySelector(".typing");
    this.log.insertBefore(element, typing);
    const tall = element.offsetHeight > this.log.clientHeight - 24;
    this.log.scrollTop = tall ? element.offsetTop - this.log.offsetTop - 12 : this.log.scrollHeight;
  }

  // -- From the server: the history after a reload, and what arrives unasked --

  async open() {
    this.clear();
    this.memory = remembered(this.name, this.memory);
    this.log.ariaBusy = "true"; // what was said long ago is not read out
    const said = this.memory.said;
    const before = grouped(said, "reply");
    const after = grouped(said.filter((own) => own.reply === null), "after");
    const restore = (owns = []) => {
      for (const own of owns) {
        this.put(this.own(own, own.at));
        if (this.priced) this.count(measure(own.text).count, 0);
      }
    };
    for (let more = true; more; ) {
      const page = await ask(`${this.name}/messages?after=${this.seen}`);
      for (const message of page.messages) {
        if (message.part === 0) restore(before.get(message.row));
        this.receive([message]);
        restore(message.part === 0 ? after.get(message.row) : []);
      }
      this.seen = page.last;
      more = page.more;
    }
    // What belongs to messages that are gone was erased with them.
    const there = new Set([...this.shown].map((id) => id.split(".")[0]));
    this.memory.said = said.filter((own) => there.has(own.reply ?? own.after));
    this.keep();
    if (!this.log.children.length) this.empty();
    this.log.ariaBusy = "false";
  }

  empty() {
    const note = made("div", "note");
    note.append(saying("p", "", this.priced ? "emptySms" : "emptyTelegram"));
    if (!this.priced) {
      const start = saying("button", "", "start");
      start.type = "button";
      start.addEventListener("click", () => this.say({ text: "/start" }));
      note.append(start);
    }
    this.log.append(note);
  }

  async look() {
    const page = await ask(`${this.name}/messages?after=${this.seen}`);
    if (this.busy) return; // it is shown after the answer, or with the next look
    this.seen = page.last;
    const news = this.receive(page.messages);
    if (news && !this.section.offsetParent) {
      this.unread.textContent = String(Number(this.unread.textContent) + news);
      this.unread.hidden = false;
    }
    if (page.more) await this.look();
  }

  read() {
    this.unread.textContent = "";
    this.unread.hidden = true;
    this.log.scrollTop = this.log.scrollHeight;
  }

  keep() {
    remember(this.name, this.memory);
  }
}

function grouped(list, key) {
  const groups = new Map();
  for (const item of list) groups.set(item[key], [...(groups.get(item[key]) ?? []), item]);
  return groups;
}

// -- The page ------------------------------------------------------------------------------------------

switchTo(remembered("words", "km") === "en" ? "en" : "km");
const apps = [new App("telegram", false), new App("sms", true)];
speak();

/** Another person, who never wrote to us. */
async function anew() {
  await ask("new", {});
  for (const app of apps) {
    remember(app.name, { said: [], taps: {} });
    await app.open();
  }
}

async function open() {
  try {
    await Promise.all(apps.map((app) => app.open()));
  } catch (refusal) {
    if (refusal.code !== "no_phone") throw refusal;
    await anew();
  }
}

/** Do what may fail with the page's own requests, saying so in the first app. */
async function patiently(work) {
  try {
    await work();
  } catch (refusal) {
    apps[0].failed(refusal.code ?? "failed", made("div"), () => patiently(work));
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
  next = setTimeout(look, pause);
}

function choose(app) {
  for (const { section, tab } of apps) {
    const open = section === app.section;
    section.classList.toggle("open", open);
    tab.ariaSelected = String(open);
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
document.getElementById("new").addEventListener("click", () => patiently(anew));
document.addEventListener("visibilitychange", look);
window.addEventListener("online", look);
choose(apps[0]);
await patiently(open);
next = setTimeout(look, pause);
