"""Diagnosis from films: pixels, network, training, calibration, shipping and serving."""
