"""MaskExplorer."""
