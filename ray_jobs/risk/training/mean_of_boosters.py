"""Several boosters as one whose score is their mean, in LightGBM's text format (its `GBDT::SaveModelToString`).

A booster is a sum of trees: those of all, each leaf divided by their number, are the mean. What serves reads one file.
Inner values, which only LightGBM's own explanations read, stay as they were: ours take readings away (decision 106).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

FIRST: Final = "Tree=0\n"
END: Final = "end of trees\n"
_SIZES: Final = re.compile(r"^tree_sizes=.*$", re.MULTILINE)
_LEAVES: Final = re.compile(r"^leaf_value=(.*)$", re.MULTILINE)
_NUMBER: Final = re.compile(r"^Tree=\d+\n")


def mean_of_boosters(texts: Sequence[str]) -> str:
    """One model text of several for the same features; raises ValueError for what is no model text."""
    blocks: list[str] = []
    for text in texts:
        _, trees, _ = _parts(text)
        for block in re.split(r"(?=^Tree=\d+\n)", trees, flags=re.MULTILINE):
            if block:
                divided = _LEAVES.sub(lambda found: _divided(found.group(1), len(texts)), block)
                blocks.append(_NUMBER.sub(f"Tree={len(blocks)}\n", divided))
    head, _, tail = _parts(texts[0])
    sizes = " ".join(str(len(block.encode())) for block in blocks)
    return _SIZES.sub(f"tree_sizes={sizes}", head) + "".join(blocks) + END + tail


def _parts(text: str) -> tuple[str, str, str]:
    """Header, trees, and what follows but the importances, which are those of one booster."""
    head, first, rest = text.partition(FIRST)
    trees, end, tail = rest.partition(END)
    if not first or not end:
        message = "this is no LightGBM model"
        raise ValueError(message)
    return head, first + trees, tail[tail.find("parameters:") :] if "parameters:" in tail else tail


def _divided(leaves: str, count: int) -> str:
    return "leaf_value=" + " ".join(repr(float(leaf) / count) for leaf in leaves.split())
