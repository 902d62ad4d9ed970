"""What this working tree is a build of, for tools."""

import msgspec

from serving.release import Build
from tools.refused import Refused


def own_build() -> Build:
    """The build that pyproject.toml names.

    Raises:
        Refused: it names none.
    """
    try:
        return Build.load()
    except (OSError, LookupError, TypeError, ValueError) as error:
        said = error if isinstance(error, msgspec.ValidationError | OSError) else repr(error)
        raise Refused(
            'pyproject.toml: write a [project] version such as "1.4.2" and, under [tool.serving],'
            f' an api_version such as "v1": {said}'
        ) from None
