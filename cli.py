"""The doorstep: ``python cli.py …`` is ``riskengine …``; the verbs live in ``riskengine/cli/``."""

from riskengine.cli import main

if __name__ == "__main__":
    main()
