"""What every folder uses: argument checks, numbers in words, files, facts about the machine."""
