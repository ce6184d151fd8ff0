"""A reader's progress: predictions, answers and their verdicts, and files to hand in."""
