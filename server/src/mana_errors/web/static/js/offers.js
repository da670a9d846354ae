// What may stand in the place of a word of a search.

// More cannot be seen at once.
const MAX_SHOWN = 8;

/** @typedef {{ text: string, count?: number }} Offer */

/** Names of fields, and values of those that have few. @param {[string, string[]][]} fields
 *  @param {string} text @returns {Offer[]} */
export function offers(fields, text) {
  const { negated, word } = split(text);
  const lower = word.toLowerCase();
  const colon = lower.indexOf(":");
  if (lower === "") return [];
  const found = colon < 0
    ? [...fields.map(([name]) => `${name}:`), "tag."]
    : fields.filter(([name]) => name === lower.slice(0, colon))
      .flatMap(([name, values]) => values.map((value) => term(name, value)));
  const fitting = [...new Set(found)].filter((offer) => offer.toLowerCase().startsWith(lower));
  return fitting.map((offer) => ({ text: negated + offer })).slice(0, MAX_SHOWN);
}

/** Values that the server knows of a field, or names of tags, with how many issues have them.
 *  @param {[string, string[]][]} fields @param {string} text @returns {Promise<Offer[]>} */
export async function known(fields, text) {
  const { negated, word } = split(text);
  const [, field, prefix = ""] = /^(tag\.)([^:]*)$/.exec(word) ?? /^([a-z]+(?:\.[^:]+)?):"?([^"]*)$/.exec(word) ?? [];
  if (field === undefined || fields.some(([name, values]) => name === field && values.length > 0)) return [];
  const found = await values(new URLSearchParams({ field, prefix }));
  return found.slice(0, MAX_SHOWN).map(({ value, count }) => ({
    text: negated + (field === "tag." ? `${value}:` : term(field, value)),
    count,
  }));
}

/** @param {URLSearchParams} asked @returns {Promise<{ value: string, count: number }[]>} */
async function values(asked) {
  try {
    const answer = await fetch(`/api/v1/search/values?${asked}`);
    return answer.ok ? (await answer.json()).items : [];
  } catch {
    return [];
  }
}

/** @param {string} text */
function split(text) {
  const negated = text.startsWith("!") ? "!" : "";
  return { negated, word: text.slice(negated.length) };
}

/** A field with a value, in quotes where the language needs them. @param {string} name @param {string} value */
function term(name, value) {
  const plain = /^[^\s()"*:!<>\\]+$/.test(value);
  return `${name}:${plain ? value : `"${value.replace(/["\\]/g, "\\$&")}"`} `;
}
