"""What `make adopt` is given beside a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.adopt.inputs import Wanted
from tools.adopt.sample import Sample


@dataclass(frozen=True)
class Given:
    """A sample and more.

    labels: what names the model's labels. first: whether the example is the sample's first row.
    signature: what a folder of MLflow's says of the inputs. saved: the packages that it was saved
    with, by version.
    """

    sample: Sample | None = None
    labels: Sequence[str] = ()
    first: bool = False
    signature: Sequence[Wanted] = ()
    saved: Mapping[str, str] = field(default_factory=dict[str, str])
