// The words of the scripts, from the same catalogue as those of the templates (services/console/locale).

const messages = JSON.parse(document.getElementById("messages")?.textContent || "{}");

/** The page's language as dates are written in it. */
export const locale = { zh: "zh-CN" }[document.documentElement.lang] ?? "en-GB";

/** A text in the language of the page, with %(name)s replaced; English where the catalogue has none. */
export function t(text, values = {}) {
  return (messages[text] ?? text).replace(/%\((\w+)\)s/g, (_, name) => values[name]).replaceAll("%%", "%");
}
