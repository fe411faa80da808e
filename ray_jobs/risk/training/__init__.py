"""From the data folder to shipped weights: recipes with fixed choices, fits in stages that can be taken up again."""
