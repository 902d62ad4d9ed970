"""Which processors an image is built for, by what the stack file says of the API version."""

ARM = "{instance_type: ml.c7g.large}"
BY_KEYS = [
    ("{}", "linux/amd64"),
    ("{instance_type: ml.c7g.xlarge}", "linux/arm64"),
    ("{instance_type: ml.m6gd.xlarge}", "linux/arm64"),
    ("{instance_type: ml.c6gn.xlarge}", "linux/arm64"),
    ("{instance_type: ml.g5g.xlarge}", "linux/arm64"),
    ("{instance_type: ml.c5.xlarge}", "linux/amd64"),
    ("{instance_type: ml.g4dn.xlarge}", "linux/amd64"),
    ("{instance_type: ml.g6e.xlarge}", "linux/amd64"),
    ("{instance_type: ml.inf2.xlarge}", "linux/amd64"),
    ("{instance_type: ml.p4de.xlarge}", "linux/amd64"),
    ("[", "linux/amd64"),
]
