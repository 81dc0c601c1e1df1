// What an SMS costs: the rule of flows/segments.py again, for what is still being written.

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
