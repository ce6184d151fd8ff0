"""What every explorer shares."""
