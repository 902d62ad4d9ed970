"""Environment variables of a function that nobody but this project or Lambda sets."""

# Beside what every build reads; behind each the key by which a stack file says it.
OURS = {"CORS_ORIGINS": "cors"}
# What Lambda sets, and what configures the AWS libraries of its runtime:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
RESERVED = r"AWS_\w*|LAMBDA_\w*|_HANDLER|_X_AMZN_TRACE_ID"
NAME = r"[A-Za-z][A-Za-z0-9_]+"
# Of all variables together, as JSON.
MOST_BYTES = 4_096
