"""ScheduleExplorer."""
