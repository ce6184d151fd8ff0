"""TreeExplorer."""
