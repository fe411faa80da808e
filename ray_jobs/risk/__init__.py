"""Risk of a patient getting worse: published scores and trained models over the hourly grid of a stay."""
