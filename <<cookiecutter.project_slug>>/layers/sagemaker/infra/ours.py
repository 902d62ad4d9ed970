"""Environment variables of a container that nobody but this project or SageMaker sets."""

# Beside what every build reads; behind each the key by which a stack file says it.
OURS = {
    "HOST": "",
    "DUAL_STACK": "",
    "PORT": "",
    "METRICS_PORT": "",
    "SM_MODEL_DIR": "",
}
# Also what configures the AWS libraries.
RESERVED = r"AWS_\w*|SAGEMAKER_\w*"
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html
NAME = r"[A-Za-z_][A-Za-z0-9_]{0,1023}"
MOST_VARIABLES, MOST_CHARACTERS = 100, 1_024
