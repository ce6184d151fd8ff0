"""The exercises of the course, one module for each chapter; each check answers in words."""
