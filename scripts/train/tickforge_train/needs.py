"""`python -m tickforge_train.needs <heads...>`: which features they learn from, for run.sh. Loads no
library."""

import sys

from .heads import GROUPS, HEADS, chosen

if __name__ == "__main__":
    try:
        print(" ".join(sorted({"ticks" if head.on_ticks else "minutes" for head in chosen(sys.argv[1:])})))
    except KeyError as error:
        sys.exit(f"there is no head {error}: there are {', '.join([*GROUPS, *HEADS])}")
