"""What the hospital's guidelines ask next at each level of risk: data that a hospital can edit (docs/advice.md)."""
