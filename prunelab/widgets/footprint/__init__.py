"""FootprintExplorer."""
