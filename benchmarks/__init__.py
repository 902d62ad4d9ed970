"""Speed, measured beside the bare limit in the same run. `make bench`."""
