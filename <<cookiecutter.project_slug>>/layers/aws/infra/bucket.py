"""The name of a bucket, as it stands in a stack file."""

import re

from pydantic import AfterValidator

from infra.config import spelt

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9]([a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")


def a_bucket(example: str) -> AfterValidator:
    """Refuses what can't be the name of a bucket; `example`: what could."""

    def checked(value: str) -> str:
        if not NAME.fullmatch(value):
            remedy = f"write one such as {example}"
            raise ValueError(f"{spelt(value)} is not the name of a bucket; {remedy}")
        return value

    return AfterValidator(checked)
