"""The card of a slice model for people, from the same figures that `wardwatch imaging evaluate` prints."""

from typing import Any

from ray_jobs.imaging.boxed import BoxedRecipe
from ray_jobs.imaging.families import Family
from ray_jobs.registry import Card


def card_text(card: Card, family: Family, report: dict[str, Any]) -> str:
    """Markdown."""
    rows = "\n".join(
        f"| {name} | {row['value']:.3f} | {row['low']:.3f} to {row['high']:.3f} |"
        for name, row in report["outer"].items()
    )
    how = (
        f"Figures are out of fold: {family.measured} trainings of the recipe, each judged on the fifth of the groups it"
        " did not see, with temperature and threshold that the other folds choose. The shipped weights are "
        + ("of the same recipe on all groups." if family.whole else "those of the first.")
        if family.cross
        else "Figures are of the shipped weights on one fifth of the slices, in whole runs of neighbours, which neither"
        " training nor calibration saw; another fifth set temperature and referral."
    )
    network = (
        f"""all but the lowest 5 blocks trained for {family.recipe.epochs} epochs on random views, with
attention over 14 × 14 places that learnt from the tumour boxes where to look; heatmap and doubt are in the graph."""
        if isinstance(family.recipe, BoxedRecipe)
        else f"""the lowest 11 blocks as ImageNet left them, the upper ones and the
head trained for {family.recipe.epochs} epochs on random views; heatmap and doubt are computed in the graph."""
    )
    said = "all that is not the patient is made black, greys inside are stretched"
    before = f"\n**Before the network**: {said}." if family.prepare else ""
    limits = "\n".join(f"- {limit}" for limit in family.limits)
    classes = list(card.classes)
    matrix = "\n".join(
        f"| {true} | " + " | ".join(str(report["confusion"][f"{true} read as {read}"]) for read in classes) + " |"
        for true in classes
    )
    return f"""# {card.name} {card.version}

Reads one {card.task}.
Preliminary, for a person to confirm; never a diagnosis by itself.

**Network**: EfficientNet-lite0 on one grey channel; {network}{before}
**Data**: {family.source}. {report["films"]["outer"]} held-out slices of {report["films"]["groups"]} groups.
**How measured**: {how}
**Threshold** {card.threshold}.
**Referred to a person** between {card.extra["refer_low"]} and {card.extra["refer_high"]}:
{report["referred"]:.1%} of the held-out slices, and {report["accuracy of the decided"]} of the others are right.

## Figures (95 % bootstrap over groups)

| figure | value | interval |
|---|---|---|
{rows}

## Confusion (row: truth)

| | {" | ".join(classes)} |
|---|{"---|" * len(classes)}
{matrix}

## Accuracy when the least certain are referred
{report["accuracy by share referred"]}

## Doubt
Share refused as unlike the training slices: {report["refused"]}.

## Limits
{limits}
- One public set of pictures without DICOM headers, already windowed; other windows and scanners were not measured.
- The heatmap is class evidence at 7 × 7: which region spoke, not where a lesion ends.
- `wardwatch imaging evaluate --model {card.name}` gives these figures again from the held-out answers beside this card;
  `wardwatch imaging train --model {card.name}` makes such a model from the data folder.
"""
