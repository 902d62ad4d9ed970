"""What a function is told of the pages that may read its answers: `serving/cors.py` reads it."""

from infra.cors import Cors


def told(cors: Cors | None) -> dict[str, str]:
    """The variable that says so; none without the key, so that nothing is read at the start."""
    return {"CORS_ORIGINS": " ".join(cors.origins)} if cors else {}
