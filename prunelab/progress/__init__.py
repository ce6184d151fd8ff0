"""What a reader has done: predictions, answers and what was said to them, to be handed in."""
