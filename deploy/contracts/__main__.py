"""`python -m deploy.contracts [--check]`"""

import argparse
import sys

from deploy.contracts import files

GROW = """\
Within v1 contracts only grow, and this would break who reads or writes them today:
{breaks}
Say it with a new optional field or a new event, or on a new topic major. (Was it never released? Then delete the file.)"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the published contracts to docs/contracts.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs")
    arguments = parser.parse_args()
    if found := files.taken_back():
        print(GROW.format(breaks="\n".join(f"  {each}" for each in found)), file=sys.stderr)
        return 1
    if not arguments.check:
        print("\n".join(f"wrote docs/contracts/{path}" for path in files.write()) or "The contracts are as published.")
        return 0
    if differ := files.differing():
        print("Differ from the models (run 'make contracts'):", file=sys.stderr)
        print("\n".join(f"  docs/contracts/{path}" for path in differ), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
