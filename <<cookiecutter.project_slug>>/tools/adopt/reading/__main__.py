"""Reads a model with its own library: `python -I reading describe`, by a Python that has that.

It takes a JSON object from its standard input: `model`, a path; `kind`; `root`, where the model's
own modules are, or null; `trusted`, the types that skops may make; `folder`, where results go. Its
argument is what to do. `types` writes `types.json`, what skops doesn't know. `describe` writes
`described.json`. `answer` also takes `rows`, `names`, `types` and `form`, and writes `answers.npz`,
`answered.json`, and `model.onnx` if it can. Where it fails, `failed.json` says why.

This folder needs nothing of the project, and works with Python 3.10.
"""

import sys

from reader import main

main(sys.argv[1])
