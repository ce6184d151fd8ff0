"""Pruners of trees other than the weakest link, one a file."""
