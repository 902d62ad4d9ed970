"""`python -P -m tests.local_cloud URL ELSEWHERE FOLDER STACK CONFIG`: `pulumi up`, once.

Runs the program in FOLDER as the Pulumi CLI starts it, in a fresh process, with CONFIG (JSON) over
the stack file's own; prints what it exports and what was changed, as JSON. ELSEWHERE (JSON): the
services that are not at URL, and where they are.
"""

import json
import logging
import sys
from pathlib import Path

from tests.local_cloud.engine import Cloud, up
from tests.local_cloud.sagemaker import KINDS

logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # one traceback is enough
url, elsewhere, folder, stack, over = sys.argv[1:]
cloud = Cloud(url, json.loads(elsewhere), KINDS)
outputs = up(cloud, Path(folder), stack, json.loads(over))
if cloud.problems:
    sys.exit("\n".join(sorted(cloud.problems)))
print(json.dumps({"outputs": outputs, "changes": sorted(cloud.changes)}))
