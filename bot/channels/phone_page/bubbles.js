// What stands in a conversation. Everything said is put in as text, never as HTML.

import { measure } from "./price.js";
import { made, saying, speak, written } from "./words.js";

export const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
const sentAt = (row) => (row ? Number(BigInt(row) >> 20n) : Date.now()); // a row's number begins with its time

/** A message of the service, with its price where it has one. */
export function theirs(message, id) {
  const element = made("div", "message theirs");
  element.dataset.id = id;
  const bubble = made("div", "bubble");
  if (message.sound) bubble.append(player(message.sound));
  bubble.append(text(message.text, sentAt(message.row)));
  element.append(bubble);
  if (message.segments) element.append(price(message.encoding, message.units, message.segments));
  return element;
}

/** What the person said: a text, a voice note of some seconds, or a photo. */
export function own(what, at, priced) {
  const element = made("div", "message mine");
  const bubble = made("div", "bubble");
  element.append(bubble);
  if (what.text === undefined) {
    const kind = what.photo ? "photo" : "voice";
    const picture = made("span");
    picture.setAttribute("role", "img");
    picture.dataset.label = kind;
    picture.dataset.values = JSON.stringify({ seconds: what.voice });
    picture.append(document.getElementById(kind).content.cloneNode(true));
    if (what.voice) picture.firstElementChild.append(minutes(what.voice));
    bubble.append(picture, time(at));
    element.classList.add(`has-${kind}`);
    speak(element);
  } else {
    bubble.append(text(what.text, at));
    if (priced) {
      const cost = measure(what.text);
      element.append(price(cost.encoding, cost.units, cost.count));
    }
  }
  return element;
}

/** Hang buttons under a message; `tapped` gets the pressed one, and whether a key pressed it. */
export function hang(message, rows, tapped) {
  const keyboard = made("div", "keyboard");
  for (const row of rows) {
    const line = made("div");
    for (const { label, data } of row) {
      const button = written("button", label);
      button.type = "button";
      button.dataset.tap = data;
      button.addEventListener("click", (event) => tapped(button, event.detail === 0));
      line.append(button);
    }
    keyboard.append(line);
  }
  message.append(keyboard);
  message.classList.add("has-keys");
}

/** A tapped message keeps its question and the answer that counted, if one did; its buttons go. */
export function settle(message, chosen) {
  message.querySelector(".keyboard")?.remove();
  message.classList.remove("has-keys");
  if (chosen) message.querySelector(".bubble").append(written("p", `➜ ${chosen}`, "chosen"));
}

/** Three dots: an answer is on its way. */
export function dots() {
  const typing = made("div", "message bubble typing");
  typing.setAttribute("aria-hidden", "true");
  typing.append(made("i"), made("i"), made("i"));
  return typing;
}

/** What went wrong, and a way on where there is one. */
export function trouble(key, way, again) {
  const error = made("p", "error");
  error.setAttribute("role", "alert");
  error.append(saying("span", "", key), " ");
  if (way) {
    const button = saying("button", "", way);
    button.type = "button";
    button.addEventListener("click", () => {
      error.remove();
      again();
    });
    error.append(button);
  }
  return error;
}

/** A recording to be played; loaded when somebody plays it. */
function player(sound) {
  const audio = made("audio", "sound");
  audio.controls = true;
  audio.preload = "none";
  audio.src = sound.address;
  return audio;
}

function text(said, at) {
  const paragraph = written("p", said);
  paragraph.append(time(at));
  return paragraph;
}

function time(at) {
  const when = new Date(at);
  const element = made("time", "time", when.toTimeString().slice(0, 5));
  element.dateTime = when.toISOString();
  return element;
}

function price(encoding, units, count) {
  return saying("small", "price", "price", { encoding, units, count });
}
