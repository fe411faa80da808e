"""Measures how far what each model meets lies from what it was made with, and tells the model's owner."""
