"""`python -P -m tests.local_cloud URL FOLDER STACK CONFIG`: what `pulumi up` would do, once.

Runs the program in FOLDER as the Pulumi CLI starts it, in a fresh process, with CONFIG (JSON) over
the stack file's own; prints what it exports and what was changed, as JSON.
"""

import json
import logging
import sys
from pathlib import Path

from tests.local_cloud.engine import Cloud, up
from tests.local_cloud.resources import KINDS

logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # one traceback is enough
url, folder, stack, over = sys.argv[1:]
cloud = Cloud(url, KINDS)
outputs = up(cloud, Path(folder), stack, json.loads(over))
if cloud.problems:
    sys.exit("\n".join(sorted(cloud.problems)))
print(json.dumps({"outputs": outputs, "changes": sorted(cloud.changes)}))
