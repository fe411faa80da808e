"""One consumer of the log that folds its topics into a rebuildable query store (design rule 14)."""
