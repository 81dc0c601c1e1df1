// One app of the phone: a conversation with the service by one channel.

import { dots, hang, own, settle, theirs, trouble } from "./bubbles.js";
import { attach, keypad } from "./hands.js";
import { measure } from "./price.js";
import { ask, fresh, remember, remembered } from "./server.js";
import { made, saying, speak, WORDS, word } from "./words.js";

const SOON = 150; // milliseconds: an answer that comes sooner needs no dots

export class App {
  /** `priced`: every message has a price. `anew`: begin with another phone. */
  constructor(name, priced, anew) {
    this.name = name;
    this.priced = priced;
    this.anew = anew;
    this.section = document.getElementById(name);
    this.tab = document.getElementById(`tab-${name}`);
    this.log = this.section.querySelector(".log");
    this.form = this.section.querySelector("form");
    this.field = this.section.querySelector("textarea");
    this.unread = this.tab.querySelector(".unread");
    this.sending = false;
    this.ready = false;
    this.clear();
    this.listen();
    this.enable();
  }

  /** Nothing is said before the history is there, nor before the answer to what was said. */
  get busy() {
    return this.sending || !this.ready;
  }

  enable() {
    const says = ".write button, .chips button, .keyboard button, .keys .call, .recording .round";
    for (const button of this.section.querySelectorAll(says)) button.disabled = this.busy;
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

  // -- What the person does ----------------------------------------------------------------------------

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
    for (const button of this.form.querySelectorAll("button")) {
      // The field keeps the focus, and a telephone its keyboard.
      button.addEventListener("mousedown", (event) => event.preventDefault());
    }
    for (const chip of this.section.querySelectorAll("[data-says]")) {
      chip.addEventListener("click", () => this.say({ text: chip.dataset.says }));
    }
    // Where the end was in sight it stays in sight when the field grows or a telephone shows its keyboard.
    let atEnd = true;
    let height = 0;
    this.log.addEventListener("scroll", () => {
      if (this.log.clientHeight !== height) return; // the size moved it, not the person
      atEnd = this.log.scrollTop + height > this.log.scrollHeight - 24;
    });
    new ResizeObserver(() => {
      height = this.log.clientHeight;
      if (atEnd) this.end();
    }).observe(this.log);
    attach(this.section, (what) => this.say(what));
    keypad(this.section, this.field, () => this.submit());
  }

  submit() {
    const text = this.field.value;
    if (this.busy || !text.trim()) return;
    this.field.value = "";
    this.typed();
    this.say({ text });
  }

  /** The field grows with what is in it; where messages have a price, it is shown while one writes. */
  typed() {
    const text = this.field.value;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
    const record = this.form.querySelector("[data-does=record]");
    if (record) {
      record.hidden = Boolean(text.trim());
      this.form.querySelector("[type=submit]").hidden = !record.hidden;
    }
    const cost = this.form.querySelector(".cost");
    if (cost) {
      cost.dataset.words = text ? "counter" : "capacity";
      cost.dataset.values = JSON.stringify(measure(text));
      speak(this.form);
    }
  }

  // -- Saying it ---------------------------------------------------------------------------------------

  say(what) {
    if (this.busy) return;
    const message = own(what, Date.now(), this.priced);
    this.put(message);
    this.send({ id: fresh(), ...what }, message);
  }

  tap(button, message, byKey) {
    if (this.busy) return;
    button.classList.add("pressed");
    this.send({ id: fresh(), tap: button.dataset.tap }, message, { label: button.textContent, byKey });
  }

  /** The same body again, with its id, is harmless: that is what "try again" does. */
  async send(body, message, tapped) {
    if (this.busy) return;
    const after = this.latest;
    message.classList.remove("failed");
    this.section.querySelector(".note")?.remove();
    this.waits(true);
    let answer;
    try {
      answer = await ask(`${this.name}/messages`, body);
    } catch (refusal) {
      this.waits(false);
      message.classList.add("failed");
      message.querySelector(".pressed")?.classList.remove("pressed");
      this.failed(refusal.code, () => this.send(body, message, tapped));
      return;
    }
    this.waits(false);
    if (tapped) {
      const counted = !answer.stale && !/(^|:)nav=/.test(body.tap);
      this.memory.taps[message.dataset.id] = counted ? tapped.label : "";
      settle(message, counted && tapped.label);
    } else {
      const { id: _id, ...what } = body;
      this.memory.said.push({ ...what, at: Date.now(), reply: answer.row, after });
      if (this.priced) this.count(measure(body.text).count, 0);
    }
    this.keep();
    this.receive(answer.messages);
    if (tapped?.byKey) (this.log.querySelector(".message:last-child .keyboard button") ?? this.field).focus();
  }

  failed(code, again) {
    const key = code in WORDS.km ? code : "failed";
    if (code === "no_phone") this.put(trouble(key, "fresh", this.anew));
    else this.put(trouble(key, code === "too_long" ? "" : "again", again));
  }

  waits(sending) {
    this.sending = sending;
    if (sending) this.focused = document.activeElement; // a disabled button loses the focus
    this.enable();
    if (!sending && document.activeElement === document.body && this.section.contains(this.focused)) {
      this.focused.focus({ preventScroll: true });
    }
    clearTimeout(this.slow);
    this.log.querySelector(".typing")?.remove();
    this.state("answers");
    if (sending) {
      this.slow = setTimeout(() => {
        this.put(dots());
        this.state("typing");
      }, SOON);
    }
  }

  state(key) {
    const state = this.section.querySelector(".state");
    if (!state) return;
    state.dataset.words = key;
    state.textContent = word(key);
  }

  // -- What arrives ------------------------------------------------------------------------------------

  /** Show the messages that are not on the screen yet; how many there were. */
  receive(messages) {
    let news = 0;
    for (const message of messages) {
      const id = `${message.row ?? fresh()}.${message.part}`;
      if (this.shown.has(id)) continue;
      this.shown.add(id);
      if (message.row) this.latest = message.row;
      this.section.querySelector(".note")?.remove();
      const element = theirs(message, id);
      const tapped = this.memory.taps[id];
      if (tapped !== undefined) settle(element, tapped);
      else if (message.keyboard?.length) {
        hang(element, message.keyboard, (button, byKey) => this.tap(button, element, byKey));
      }
      this.put(element);
      this.count(0, message.segments ?? 0);
      news += 1;
    }
    return news;
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
    this.log.insertBefore(element, this.log.querySelector(".typing"));
    const long = element.offsetHeight > this.log.clientHeight - 24;
    if (long) this.log.scrollTop = element.offsetTop - this.log.offsetTop - 12;
    else this.end();
  }

  end() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** Look for what arrived unasked. Only this moves `seen`: a notice may be older than a reply shown before it. */
  async look() {
    const shown = this.shown;
    const page = await ask(`${this.name}/messages?after=${this.seen}`);
    if (shown !== this.shown || this.busy) return; // another phone by now, or an answer comes first
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
    this.typed();
    this.end();
  }

  // -- After a reload ----------------------------------------------------------------------------------

  /** What the service said comes from the server; what the person said is put between from memory. */
  async open() {
    this.ready = false;
    this.enable();
    this.clear();
    this.memory = remembered(this.name, this.memory);
    this.log.setAttribute("aria-busy", "true"); // what was said long ago is not read out
    const mine = this.memory.said;
    const kept = [];
    const restore = (belongs) => {
      for (const said of mine.filter(belongs)) {
        kept.push(said);
        this.put(own(said, said.at, this.priced));
        if (this.priced) this.count(measure(said.text).count, 0);
      }
    };
    for (let more = true; more; ) {
      const page = await ask(`${this.name}/messages?after=${this.seen}`);
      for (const [index, message] of page.messages.entries()) {
        if (message.part === 0) restore((said) => said.reply === message.row);
        this.receive([message]);
        const last = page.messages[index + 1]?.row !== message.row;
        if (last) restore((said) => said.reply === null && said.after === message.row);
      }
      this.seen = page.last;
      more = page.more;
    }
    this.memory.said = kept; // what belonged to messages that are gone was erased with them
    this.keep();
    if (!this.shown.size) this.empty();
    this.log.setAttribute("aria-busy", "false");
    this.ready = true;
    this.enable();
  }

  empty() {
    const note = made("div", "note");
    const start = this.section.dataset.start;
    note.append(saying("p", "", this.section.dataset.empty));
    if (start) {
      const button = saying("button", "", "start");
      button.type = "button";
      button.addEventListener("click", () => this.say({ text: start }));
      note.append(button);
    }
    this.log.append(note);
  }

  keep() {
    remember(this.name, this.memory);
  }
}
