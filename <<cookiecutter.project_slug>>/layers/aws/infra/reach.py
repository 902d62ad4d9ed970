"""What an API's document says of where the API can be called.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-endpoint-configuration.html
"""

from infra.openapi import Document

CONFIGURATION = "x-amazon-apigateway-endpoint-configuration"


def reach(*, closed: bool) -> Document:
    """Further keys of a document; none where it is called at AWS's own address too.

    An import takes back what a document does not say, so it has to say so each time.
    """
    said = {"disableExecuteApiEndpoint": True} if closed else {}
    # Where OpenAPI 3 has it; an import ignores the path of a server.
    return {"servers": [{"url": "/", CONFIGURATION: said}]} if said else {}
