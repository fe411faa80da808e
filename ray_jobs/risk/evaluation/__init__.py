"""How good a model is, from patients it never saw: figures with intervals, pictures, the card and its page."""
