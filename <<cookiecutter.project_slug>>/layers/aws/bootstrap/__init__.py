"""What a project needs once per account: a program of its own, which `make bootstrap` runs."""
