"""From a model to a project that serves it: `make adopt`."""
