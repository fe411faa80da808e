"""Watch: folds the facts about each patient and says how ill they are (NEWS2) and what is coming (forecasts)."""
