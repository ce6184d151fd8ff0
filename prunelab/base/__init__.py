"""What every folder stands on: checks of arguments, words, files, the host."""
