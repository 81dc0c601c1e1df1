// What is in the hand besides letters: a recorder that pretends, and the keys of a basic phone.

import { minutes } from "./bubbles.js";
import { khmerDigits, made } from "./words.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "⌫", "0", "✓"];

/** The buttons of a photo and of a voice note, which lasts as long as one pretends to speak. */
export function attach(section, say) {
  const find = (does) => section.querySelector(`[data-does=${does}]`);
  const form = section.querySelector("form");
  const recording = section.querySelector(".recording");
  if (!recording) return;
  let begun = 0;
  let ticking = 0;
  const seconds = () => Math.floor((Date.now() - begun) / 1000);
  const tick = () => {
    recording.querySelector(".seconds").textContent = minutes(seconds());
  };
  const end = () => {
    clearInterval(ticking);
    recording.hidden = true;
    form.hidden = false;
    find("record").focus();
  };
  find("record").addEventListener("click", () => {
    begun = Date.now();
    ticking = setInterval(tick, 250);
    tick();
    form.hidden = true;
    recording.hidden = false;
    find("sendVoice").focus();
  });
  find("drop").addEventListener("click", end);
  find("sendVoice").addEventListener("click", () => {
    end();
    say({ voice: Math.max(1, seconds()) });
  });
  find("photo").addEventListener("click", () => say({ photo: true }));
  recording.addEventListener("keydown", (event) => event.key === "Escape" && end());
}

/** Keys that write digits into `field`; the last one sends. */
export function keypad(section, field, submit) {
  const keys = section.querySelector(".keys");
  for (const key of keys ? KEYS : []) {
    const button = made("button", key === "✓" ? "call" : "", key);
    button.type = "button";
    if (/\d/.test(key)) {
      const small = made("span", "", khmerDigits(key));
      small.setAttribute("aria-hidden", "true");
      button.append(small);
    } else {
      button.dataset.label = key === "✓" ? "send" : "erase";
    }
    button.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    button.addEventListener("click", () => (key === "✓" ? submit() : press(field, key)));
    keys.append(button);
  }
}

function press(field, key) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  if (key === "⌫") {
    const kept = [...value.slice(0, from)].slice(0, -1).join("").length;
    field.setRangeText("", from === to ? kept : from, to, "end");
  } else if (value.length - (to - from) < field.maxLength) {
    field.setRangeText(key, from, to, "end");
  }
  field.dispatchEvent(new Event("input"));
}
