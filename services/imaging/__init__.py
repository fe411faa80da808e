"""Reads films: topic `imaging` in, `findings` out, through the slow lane."""
