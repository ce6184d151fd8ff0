"""Training that can be steered while it runs, of the course's network or a reader's own."""
