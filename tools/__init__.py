"""Tools for those who write the course; readers never need them."""
