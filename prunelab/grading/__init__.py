"""Grade a class's submissions with the checks that the learners had."""
