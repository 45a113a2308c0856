"""`python -m deploy.contracts [--check]`"""

import argparse
import sys

from deploy.contracts import files

INCOMPATIBLE = """\
Within v1, contracts may only grow. These changes would break existing consumers or producers:
{changes}
Add an optional field, a new event or a new topic version instead. If the schema was never released, delete its file."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the published contracts to docs/contracts.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs")
    arguments = parser.parse_args()
    if changes := files.incompatible_changes():
        print(INCOMPATIBLE.format(changes="\n".join(f"  {each}" for each in changes)), file=sys.stderr)
        return 1
    if not arguments.check:
        print("\n".join(f"wrote docs/contracts/{path}" for path in files.write()) or "The contracts are up to date.")
        return 0
    if paths := files.differing():
        print("These files differ from the models (run 'make contracts'):", file=sys.stderr)
        print("\n".join(f"  docs/contracts/{path}" for path in paths), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
