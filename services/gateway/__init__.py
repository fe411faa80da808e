"""The gateway: what hospital systems speak comes in here and leaves as events."""
