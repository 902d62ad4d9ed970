"""Print the name of the image that is built and pushed: `python -m tools.image STACK`.

The repository is the one of Pulumi.<stack>.yaml, the tag is this working tree's release.
"""

import sys
from pathlib import Path

import yaml

from infra.problems import mapping
from serving.release import Build

ROOT = Path(__file__).parent.parent


def name(stack: str) -> str:
    """The image of this working tree, for a stack.

    Raises:
        SystemExit: the stack file names no repository.
    """
    build = Build.load()
    path = ROOT / f"Pulumi.{stack}.yaml"
    if not path.exists():
        sys.exit(f"{path.name} is missing.")
    try:
        file = mapping(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        sys.exit(f"{path.name} is not YAML: {error}")
    key = f"{build.service}:image"
    repository = mapping(mapping(file.get("config")).get(key)).get("repository")
    if not repository:
        sys.exit(f"{path.name}: {key} has no repository; write where the images go, without a tag.")
    return f"{repository}:{build.release}"


if __name__ == "__main__":
    print(name(sys.argv[1]))
