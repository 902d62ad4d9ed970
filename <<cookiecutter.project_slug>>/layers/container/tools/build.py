"""Build this working tree's image: `python -m tools.build STACK [--engine ENGINE] [--platform …]`.

It is named as Pulumi.<stack>.yaml says, and its labels say what it was made of. Other options are
the engine's own. Run by `make build`.
"""

from tools.engine import Engine
from tools.image import labels, name, parser
from tools.platform import wanted_by
from tools.refused import Refused


def main(stack: str, engine: str, platform: str, *options: str) -> None:
    """Build it.

    Raises:
        Refused: there is no image afterwards.
    """
    image = name(stack)
    said = [f"--label={key}={value}" for key, value in labels(platform).items()]
    Engine(engine).run("build", *options, "--platform", platform, *said, "--tag", image, ".")


if __name__ == "__main__":
    arguments, others = parser("tools.build").parse_known_args()
    try:
        platform = arguments.platform or wanted_by(arguments.stack)
        main(arguments.stack, arguments.engine, platform, *others)
    except Refused as problem:
        problem.end()
