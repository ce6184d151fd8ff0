"""Models other than the course's MLP, and files of models, to be weighed and timed."""
