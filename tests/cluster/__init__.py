"""A real Kubernetes for the tests: the rendered program's objects, pods of the rendered image."""
