"""The exercises of the course, one module a chapter; each answer is checked in words."""
