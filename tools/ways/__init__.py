"""Each way in, tried: a command a way, skipped with a reason where its packages are missing."""
