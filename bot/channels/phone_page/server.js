// What the page asks the server, and what it remembers itself.

const PATIENCE = 20000; // milliseconds to wait for an answer

/** Why there is no answer: a code that the page has words for, or "failed". */
export class Refusal extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** JSON from the server, or a Refusal. */
export async function ask(address, body) {
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
  if (!response.ok) throw new Refusal(answer.error ?? "failed");
  return answer;
}

/** An id for a message. (randomUUID is only there over HTTPS and on this machine.) */
export function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What this person said is remembered here, since the server keeps no word of it.

export function remember(name, value) {
  try {
    localStorage.setItem(`samleng.${name}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing: the page works until it is closed.
  }
}

export function remembered(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`samleng.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}
