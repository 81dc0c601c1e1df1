// What the page itself says, in Khmer or English. The conversation has a language of its own.

import { remember } from "./server.js";

export const WORDS = {
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
    capacity: "១ SMS៖ អក្សរខ្មែរ ៧០ ឬឡាតាំង ១៦០",
    total: "ផ្ញើ {sent} · ទទួល {received} SMS",
    failed: "ផ្ញើមិនទាន់បានទេ។",
    offline: "គ្មានបណ្ដាញ ផ្ញើមិនទាន់បានទេ។",
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
    capacity: "1 SMS: 70 Khmer or 160 Latin letters",
    total: "{sent} sent · {received} received",
    failed: "That could not be sent yet.",
    offline: "No network: not sent yet.",
    away: "The service does not answer at the moment.",
    too_long: "This message is too long. Please make it shorter.",
    no_phone: "This phone can’t be used any more.",
    again: "Try again",
  },
};
/** Of the page: "km" or "en". */
export let language = "km";

export const khmerDigits = (text) => text.replace(/[0-9]/g, (digit) => String.fromCharCode(0x17e0 + Number(digit)));

export function word(key, values = {}) {
  return WORDS[language][key].replace(/{(\w+)}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" && language === "km" ? khmerDigits(String(value)) : String(value);
  });
}

/** Fill in every element that names its words; `data-values` are those of its placeholders. */
export function speak(within = document) {
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

export function switchTo(code) {
  language = code;
  remember("words", code);
  document.documentElement.lang = code;
  document.title = `${word("title")} · Samleng`;
  speak();
  document.getElementById("words").lang = code === "km" ? "en" : "km";
}

/** An element that says words of the page. */
export function saying(tag, className, key, values) {
  const element = made(tag, className);
  element.dataset.words = key;
  if (values) element.dataset.values = JSON.stringify(values);
  element.textContent = word(key, values);
  element.lang = language;
  return element;
}

export function made(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Somebody's words, in the language they are written in. */
export function written(tag, text, className = "") {
  const element = made(tag, className, text);
  element.lang = /[\u1780-\u17ff]/.test(text) ? "km" : "en";
  return element;
}
