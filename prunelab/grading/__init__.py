"""Grade what a class has handed in, with the checks that the readers had."""
