"""Prediction and calibration."""
