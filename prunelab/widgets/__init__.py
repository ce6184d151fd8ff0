"""Explorers: ipywidgets that draw in the browser, one module each; import them from there."""
