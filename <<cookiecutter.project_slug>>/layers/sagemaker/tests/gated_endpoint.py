"""The server of `tests/gated.py` as SageMaker asks it: `python -m tests.gated_endpoint`."""

from serving.sagemaker import EndpointServer
from tests.gated import server

if __name__ == "__main__":
    server.main(EndpointServer)
