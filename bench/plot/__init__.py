"""Plots of the detectors at work, for their README."""
