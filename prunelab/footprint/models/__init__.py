"""Models beyond the course's MLP, and files of models, as the footprint weighs and times them."""
