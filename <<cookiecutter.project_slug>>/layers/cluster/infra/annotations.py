"""What the objects of a stack tell Pulumi of themselves."""

# What somebody changed by hand on a bad night must not block the next deploy: it is taken back.
TAKEN_BACK = {"pulumi.com/patchForce": "true"}
