"""Alerting: the one authority that says which alerts stand, raised once and never closed by silence (design rule 9)."""
