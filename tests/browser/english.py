"""English words that a page in another language still shows, reads out or holds in a label."""

import re
from collections.abc import Iterable

from playwright.sync_api import Page

_SHOWN = """() => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const spoken = (element) => element.closest("[lang]")?.lang;
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (["SCRIPT", "STYLE"].includes(parent.tagName) || spoken(parent) === "en") continue;
    found.push(walk.currentNode.textContent);
  }
  for (const element of document.querySelectorAll("[aria-label],[title],[placeholder],[alt],[data-about]")) {
    if (spoken(element) === "en") continue;
    for (const name of ["aria-label", "title", "placeholder", "alt", "data-about"]) {
      if (element.hasAttribute(name)) found.push(element.getAttribute(name));
    }
  }
  return [document.title, ...found];
}"""
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]{2,}")


def english_left(page: Page, data: Iterable[str]) -> set[str]:
    """Words of three letters and more that are neither data nor marked as English, with what they stand in."""
    known = {word.casefold() for text in data for word in _WORD.findall(text)}
    return {
        f"{word}: {' '.join(text.split())[:80]}"
        for text in page.evaluate(_SHOWN)
        for word in _WORD.findall(text)
        if word.casefold() not in known
    }
