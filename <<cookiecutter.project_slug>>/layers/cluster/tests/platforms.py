"""Which processors an image is built for, by what the stack file says of the API version."""

ARM = "{node_selector: {kubernetes.io/arch: arm64}}"
BY_KEYS = [
    ("{}", "linux/amd64"),
    ("{node_selector: {kubernetes.io/arch: arm64}}", "linux/arm64"),
    ("{node_selector: {pool: models}}", "linux/amd64"),
    ("{node_selector: arm64}", "linux/amd64"),
    ("[", "linux/amd64"),
]
