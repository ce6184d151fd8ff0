"""PlanExplorer."""
