"""What `make` runs and production does not."""
